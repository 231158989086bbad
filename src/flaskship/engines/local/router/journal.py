"""The last route table on disk, so that a new router begins where the old one ended."""

import json
import os
from pathlib import Path

from flaskship.engines.local.routes import RouteError, RouteTable, from_json, to_json


def save(path: Path, table: RouteTable) -> None:
    """Replace the file in one step, readable by its owner alone; OSError where that fails."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(to_json(table), file, separators=(",", ":"))
    aside.replace(path)


def load(path: Path) -> RouteTable:
    """Return the saved table, an empty one where there is none; RouteError for a damaged file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return RouteTable(0)
    except UnicodeDecodeError as error:
        raise RouteError(f"{path} is not text") from error
    try:
        return from_json(json.loads(text))
    except ValueError as error:
        raise RouteError(f"{path} holds no route table: {error}") from error


def set_aside(path: Path) -> Path:
    """Rename a damaged file, so that it can be looked at and is not read again."""
    kept = path.with_name(f"{path.name}.damaged")
    path.replace(kept)
    return kept
