"""What an object exercises: its kind, the fields that it sets, its choices, the entries of its lists."""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from flaskship.chart.masking import shown
from flaskship.model.project import Environment
from flaskship.policy.entries import arguments, entry_name, switches, without_hash
from flaskship.policy.kubernetes.table import Table
from flaskship.policy.node import Node
from flaskship.policy.objects import Object

OWN = frozenset(
    {
        "averageValue",
        "caBundle",
        "cidr",
        "claimName",
        "cpu",
        "description",
        "env.name",
        "env.value",
        "except",
        "externalIPs",
        "host",
        "hostname",
        "hosts",
        "image",
        "loadBalancerSourceRanges",
        "memory",
        "namespace",
        "namespaces",
        "refreshInterval",
        "region",
        "remoteRef.key",
        "remoteRef.property",
        "remoteRef.version",
        "role",
        "server",
        "sizeLimit",
        "storage",
        "target.value",
        "url",
        "volumeName",
    }
)
"""Fields whose texts differ from one environment to the next by nature: addresses, hosts, amounts, images."""
COUNTED = frozenset(
    {
        "PriorityClass.value",
        "containerPort",
        "defaultMode",
        "fsGroup",
        "port",
        "runAsGroup",
        "runAsUser",
        "targetPort",
    }
)
"""Fields whose numbers choose something; other numbers are amounts."""
WHOLE = frozenset({"controlledResources"})
"""Lists that choose as a whole: one entry fewer is another choice."""
TOKENS = frozenset({"args", "command"})
FREE_MAPS = frozenset({"ConfigMap data", "ConfigMap binaryData", "Secret data", "Secret stringData"})
"""Maps whose keys are told elsewhere, as variables, or not at all."""
SELECTORS = frozenset({"matchLabels", "selector"})
VALUED_MAPS = frozenset({"nodeSelector"})
METADATA = {"annotations": "annotation", "labels": "label"}
OURS = ("app.kubernetes.io/", "flaskship.dev/", "checksum/")
OWN_NAME = "its own"
"""What stands for the names of an application, its release and its namespace."""
LONGEST = 80


class Chosen(Container[str]):
    """What a kind brings with it wherever it is: its fields, and no choice and no name of one's own."""

    def __contains__(self, trait: object) -> bool:
        name, equals, choice = str(trait).partition("=")
        if OWN_NAME in (choice if equals else name) or "Ref." in name:
            return True
        return not equals and name.count(" ") < len(("kind", "field"))


def traits(
    table: Table, one: Object, environment: Environment, without: Container[str] | None = None
) -> Iterator[tuple[str, Node]]:
    """The traits of an object, each with where it stands, below its kind.

    What is among `without` is passed over but looked into; what is told is not.
    """
    schemas = list(table.schemas(one.api_version, one.kind))
    if schemas:
        names = (one.application, environment.release, environment.namespace)
        reading = _Reading(table, tuple(name for name in names if name), without)
        yield from reading.traits(schemas[-1], one.node, one.kind)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One object being read for its traits."""

    table: Table
    names: tuple[str, ...]
    without: Container[str] | None

    def traits(self, number: int, node: Node, name: str) -> Iterator[tuple[str, Node]]:
        """The traits below a node."""
        schema = self.table.nodes[number]
        known: Mapping[str, int] = schema.get("p", {})
        for key, value in node.entries():
            inner = f"{name}.{key}" if " " in name else f"{name} {key}"
            if key == "metadata":
                yield from self._metadata(value, name)
            elif key in known and key not in ("apiVersion", "kind"):
                yield from self._told(inner, value, known[key], self._choice(known[key], inner, value))
            elif "m" in schema:
                yield from self._entry(schema["m"], key, value, name)
        if "i" in schema and _last(name) in TOKENS:
            yield from self._tokens(node, name)
        elif "i" in schema and _last(name) in WHOLE:
            yield from self._named(name, f"={','.join(sorted(node.texts))}", node)
        elif "i" in schema:
            for item in node.items():
                yield from self._item(schema["i"], item, name)

    def _metadata(self, metadata: Node, name: str) -> Iterator[tuple[str, Node]]:
        """Annotations and labels: controllers are switched by them. Words count, other values do not."""
        for part, called in METADATA.items():
            for key, value in metadata.at(part).entries():
                if not key.startswith(OURS):
                    for switch in switches(value.text or ""):
                        yield from self._named(f"{name} {called} {key}", switch, value)

    def _entry(self, number: int, key: str, value: Node, name: str) -> Iterator[tuple[str, Node]]:
        """One key of a map with names of one's own."""
        if name not in FREE_MAPS and _last(name) not in SELECTORS:
            switch = f"={self._own(value.text)}" if _last(name) in VALUED_MAPS and value.text else ""
            yield from self._named(f"{name} {key}", switch, value)
        yield from self.traits(number, value, name)

    def _tokens(self, node: Node, name: str) -> Iterator[tuple[str, Node]]:
        for position, token in arguments(node):
            yield from self._named(name, f" {self._own(token)}", position)

    def _named(self, name: str, more: str, at: Node) -> Iterator[tuple[str, Node]]:
        """A trait of a name of one's own; where the name itself is told, nothing more is."""
        for trait in (name, f"{name}{more}") if more else (name,):
            if self._counts(trait):
                yield trait, at
                if self.without is not None:
                    return

    def _item(self, number: int, item: Node, name: str) -> Iterator[tuple[str, Node]]:
        called = entry_name(_last(name), item)
        inner = f"{name} {self._own(called)}" if called else name
        choice = "" if called else self._choice(number, name, item)
        yield from self._told(inner, item, number, choice, below=name)

    def _told(
        self, name: str, value: Node, number: int, choice: str, below: str = ""
    ) -> Iterator[tuple[str, Node]]:
        for trait in (name, f"{below or name}={choice}" if choice else ""):
            if trait and trait != below and self._counts(trait):
                yield trait, value
                if self.without is not None:
                    return
        yield from self.traits(number, value, below or name)

    def _counts(self, trait: str) -> bool:
        return self.without is None or trait not in self.without

    def _choice(self, number: int, name: str, value: Node) -> str:
        if value.truth is not None:
            return json.dumps(value.truth)
        if "e" in self.table.nodes[number]:
            return self._own(str(value.content))
        if value.number is not None:
            counted = not COUNTED.isdisjoint((_last(name), name.replace(" ", ".")))
            return str(value.number) if counted else ""
        if not value.text or any(name.endswith((f".{own}", f" {own}")) for own in OWN):
            return ""
        return self._own(without_hash(value.text))

    def _own(self, text: str) -> str:
        for name in self.names:
            text = text.replace(name, OWN_NAME)
        shortened: str = shown(" ".join(text.split()))
        return shortened if len(shortened) <= LONGEST else f"{shortened[: LONGEST - 3]}..."


def _last(name: str) -> str:
    return name.rpartition(" ")[2].rpartition(".")[2]
