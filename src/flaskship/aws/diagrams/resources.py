"""Resources as Terraform's JSON has them (terraform show -json, or a test's state), as frozen records."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_KEY = re.compile(r'\["?([^"\]]+)"?\]$')


@dataclass(frozen=True, slots=True)
class Resource:
    """A managed resource of a stack."""

    stack: str
    address: str
    kind: str
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What others refer to it by."""
        return str(self.values.get("id") or "")

    @property
    def label(self) -> str:
        """The name of its block: public of aws_subnet.public["us-west-2a"]."""
        return _KEY.sub("", self.address).rsplit(".", 1)[-1]

    @property
    def key(self) -> str:
        """Its key among those of its block, or nothing."""
        found = _KEY.search(self.address)
        return found[1] if found else ""

    @property
    def module(self) -> str:
        """The module that it stands in: module.on_demand, or nothing for the root."""
        return _KEY.sub("", self.address).rpartition(f".{self.kind}.")[0]

    def nested(self, name: str) -> Mapping[str, Any]:
        """A block inside of it; empty where there is none."""
        found = self.values.get(name) or [{}]
        return found[0] if isinstance(found, Sequence) and found else {}


def resources(stack: str, module: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield the managed resources of a module and of those below it."""
    for one in module.get("resources", ()):
        if one["mode"] == "managed":
            yield Resource(stack, one["address"], one["type"], one["values"])
    for child in module.get("child_modules", ()):
        yield from resources(stack, child)


def of_kind(found: Sequence[Resource], *kinds: str) -> list[Resource]:
    """Return the resources of some kinds, by address."""
    return sorted((one for one in found if one.kind in kinds), key=lambda one: one.address)
