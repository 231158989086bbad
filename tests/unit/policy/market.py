"""A sound environment, and changes of it: what the rules' fixtures are made of."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from flaskship.model.project import Environment
from flaskship.policy.context import Context, Declared
from flaskship.policy.objects import parse_objects

HERE = Path(__file__).parent
STAND_INS = {"NULL": None, "BIG": "x" * (1 << 20)}
"""What a fixture cannot well write: a null that stays, and a megabyte."""
APPLICATIONS = ("shop", "till")
MARKET = Environment("prod", "market", "market", "kubernetes", "prod", "staging", "cli")
VILLAGE = Environment("staging", "village", "village", "kubernetes", "prod", None, "cli")


@dataclass(frozen=True)
class Change:
    """One change of the sound environment; a path is words with spaces, null takes a key away."""

    set: Mapping[str, Any] = field(default_factory=dict)
    add: tuple[dict[str, Any], ...] = ()
    remove: tuple[str, ...] = ()
    other: tuple[dict[str, Any], ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    requires_digest: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    database: Mapping[str, Any] = field(default_factory=dict)
    outside: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""
    count: int = 1


def read(file: Path) -> Any:
    """A YAML file with its anchors resolved."""
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


@cache
def _sound() -> str:
    return json.dumps(read(HERE / "sound.yaml"))


def sound() -> list[dict[str, Any]]:
    """The documents of the sound environment, free to change: no two share a part, as aliases would."""
    documents: list[dict[str, Any]] = json.loads(_sound())
    return documents


def market(change: Change | None = None) -> Context:
    """The sound environment with one change."""
    change = change or Change()
    documents = [one for one in sound() if identity(one) not in change.remove]
    for path, value in change.set.items():
        name, *words = path.split(" ")
        found = [one for one in documents if identity(one) == name]
        assert found, f"there is no {name}"
        put(found[0], words, copy.deepcopy(value))
    documents += copy.deepcopy(list(change.add))
    village = Context(VILLAGE, parse_objects(tuple(change.other), APPLICATIONS, "village"))
    return Context(
        environment=replace(MARKET, **change.environment),
        objects=parse_objects(tuple(documents), APPLICATIONS, "market"),
        requires_digest=frozenset(change.requires_digest),
        leads_to=frozenset(change.leads_to),
        others=(village,),
        outside={
            (name.split("/")[0], name.split("/")[1]): frozenset(keys) if keys else None
            for name, keys in change.outside.items()
        },
        database=Declared(tuple(change.database.get("networks", ())), change.database.get("port", 5432)),
    )


def identity(document: Mapping[str, Any]) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def put(document: Any, words: list[str], value: Any) -> None:
    """Set a value at a path, making what is missing on the way; NULL is a null that stays."""
    *way, last = words
    for word in way:
        document = document[int(word)] if isinstance(document, list) else document.setdefault(word, {})
    if isinstance(document, list):
        document.append(value) if last == "+" else document.__setitem__(int(last), value)
    elif value is None:
        del document[last]
    else:
        document[last] = STAND_INS.get(value, value) if isinstance(value, str) else value
