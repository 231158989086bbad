"""Which images were pushed from this project, so that a promotion can say which one a source became."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

from flaskship.containers.shipment import Pushed
from flaskship.model.errors import FlaskshipError
from flaskship.model.location import Location

KEPT = 100


def record_file(root: Path) -> Path:
    """Where the record of a project is."""
    return root / ".flaskship" / "pushed.json"


def read_pushed(root: Path) -> tuple[Pushed, ...]:
    """Return what was pushed, oldest first; a record that cannot be read is an error, never an empty one."""
    file = record_file(root)
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        return tuple(Pushed(**one) for one in given)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise FlaskshipError(
            f"the record of pushed images cannot be read: {error}",
            location=Location(file),
            hint="remove it and push again: flaskship build --push",
        ) from None


def remember(root: Path, pushed: Pushed) -> None:
    """Add an image to the record, replacing an equal one; the file is whole at every instant."""
    same = (pushed.repository, pushed.tag, pushed.digest)
    others = [one for one in read_pushed(root) if (one.repository, one.tag, one.digest) != same]
    file = record_file(root)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".pushed-", dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump([asdict(one) for one in (*others, pushed)][-KEPT:], stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(file)
