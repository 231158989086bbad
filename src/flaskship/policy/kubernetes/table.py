"""The table of fields: which kinds each minor serves, and the schema of those that we check."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib.resources import files
from typing import Any

from flaskship.model.frozen import dataclass

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """Every schema is a numbered node; a kind has one for each minor, None where it is not served."""

    minors: tuple[str, ...]
    kinds: Mapping[str, Sequence[int | None]] = field(repr=False)
    served: Mapping[str, Sequence[int]] = field(repr=False)
    custom: Mapping[str, Mapping[str, Any]] = field(repr=False)
    nodes: Sequence[Schema] = field(repr=False)

    def schemas(self, api_version: str, kind: str) -> Mapping[int, tuple[str, ...]]:
        """The distinct schemas of a kind, each with the minors that have it; none for a kind it lacks."""
        name = f"{api_version} {kind}"
        if name in self.custom:
            number = self.custom[name]["schema"]
            return {} if number is None else {number: self.minors}
        found: dict[int, tuple[str, ...]] = {}
        for minor, number in zip(self.minors, self.kinds.get(name, ()), strict=False):
            if number is not None:
                found[number] = (*found.get(number, ()), minor)
        return found

    def missing(self, api_version: str, kind: str) -> tuple[str, ...]:
        """The minors that do not serve a kind of Kubernetes or of our table; none for kinds of others."""
        name = f"{api_version} {kind}"
        if name in self.custom:
            return self.minors if self.custom[name]["schema"] is None else ()
        if not self.is_known_group(api_version):
            return ()
        served = self.served.get(name, ())
        return tuple(minor for index, minor in enumerate(self.minors) if index not in served)

    def is_known_group(self, api_version: str) -> bool:
        """Whether a group is Kubernetes' own, or one whose custom resources the table has."""
        group = api_version.rpartition("/")[0]
        return group in _RETIRED or any(
            name.partition(" ")[0].rpartition("/")[0] == group for name in (*self.served, *self.custom)
        )

    def everywhere(self, kind: str) -> tuple[str, ...]:
        """The versions of a kind that every minor serves."""
        built_in = [name for name, indexes in self.served.items() if len(indexes) == len(self.minors)]
        custom = [name for name, entry in self.custom.items() if entry["schema"] is not None]
        return tuple(name.partition(" ")[0] for name in (*built_in, *custom) if name.endswith(f" {kind}"))


_RETIRED = frozenset({"extensions"})
"""Groups that no supported minor has any more."""


@cache
def load_table() -> Table:
    """The table of this installation, read once: 3 ms."""
    packed = (files("flaskship.policy.kubernetes") / "schemas.json.gz").read_bytes()
    given = json.loads(gzip.decompress(packed))
    return Table(tuple(given["minors"]), given["kinds"], given["served"], given["custom"], given["nodes"])


def span(minors: Sequence[str], known: Sequence[str]) -> str:
    """Minors as a person says them: 1.30 to 1.32, or 1.30 and 1.36."""
    if len(minors) == len(known):
        return f"every supported Kubernetes ({known[0]} to {known[-1]})"
    indexes = [known.index(minor) for minor in minors]
    if len(minors) > 2 and indexes == list(range(indexes[0], indexes[-1] + 1)):
        return f"Kubernetes {minors[0]} to {minors[-1]}"
    return f"Kubernetes {' and '.join(filter(None, (', '.join(minors[:-1]), minors[-1])))}"
