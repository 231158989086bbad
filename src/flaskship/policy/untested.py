"""What one environment has and another never exercises: kinds, fields, choices, variables, features."""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
from flaskship.policy.entries import entry_name
from flaskship.policy.kubernetes.table import Table
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault, Object

CODE = "untested"
FEATURES = "FEATURES"
SETTINGS = {
    "HorizontalPodAutoscaler": "autoscaling.enabled",
    "VerticalPodAutoscaler": "vpa.enabled",
    "PodDisruptionBudget": "pdb.enabled",
    "Rollout": "strategy.type",
    "Ingress": ".ingress.enabled",
    "NetworkPolicy": ".networkPolicy.enabled",
    "PriorityClass": ".priorityClasses.create",
    "Namespace": ".namespace.create",
    "PersistentVolumeClaim": ".persistence.enabled",
    "ServiceMonitor": ".monitoring.serviceMonitor.enabled",
    "ExternalSecret": ".secrets.provider",
    "SecretStore": ".secrets.provider",
}
"""The value that brings a kind."""
PARTS = {
    " spec.metrics Resource memory": "autoscaling.memory.enabled",
    " spec.egress.to ::/0": ".networkPolicy.ipv6",
    "NetworkPolicy spec.egress.to ": "webhooks.allow",
    ".priorityClassName": "scheduling.priority",
    ".serviceAccountName": "aws.access",
    ".initContainers": "initContainers",
    ".volumes": "volumes",
    ".volumeMounts": "volumeMounts",
    ".tolerations": "tolerations",
    ".affinity": "affinity",
    ".nodeSelector": "nodeSelector",
    ".startupProbe": "probes.startup",
    ".readinessProbe": "probes.readiness",
    ".livenessProbe": "probes.liveness",
    ".containers.resources": "resources",
    ".envFrom": "envFrom",
    " spec.strategy": "strategy",
}
"""The value that brings a part of a kind, the nearer first."""
CHOSEN = frozenset(
    {
        "effect",
        "ingressClassName",
        "priorityClassName",
        "runtimeClassName",
        "schedulerName",
        "serviceAccountName",
        "storageClassName",
        "type",
        "whenUnsatisfiable",
    }
)
"""Free texts that choose what happens, as those do whose schema lists their values."""


@dataclass(frozen=True, slots=True)
class Delta:
    """One thing that the other environment lacks: its name for acceptances, and where it stands here."""

    name: str
    fault: Fault


def deltas(table: Table, context: Context, against: Context) -> Iterator[Delta]:
    """Every difference that only this environment has, each told once, the larger instead of its parts."""
    other = against.environment.name
    yield from _applications(context, against, other)
    theirs = _exercised(table, against)
    told: set[str] = set()
    for one in context.objects:
        whole, own = theirs.of(None), theirs.of(one.application)
        for trait, at in traits(table, one, own):
            name = trait if trait not in whole else f"{trait} of {one.application}"
            if name not in told:
                told.add(name)
                yield Delta(name, one.fault(f"{other} has no {name}", at, _setting(one.kind, trait)))


def _setting(kind: str, trait: str) -> str:
    """The value that brings a trait, else the one that brings its kind."""
    found = (setting for part, setting in PARTS.items() if part in trait)
    return next(found, SETTINGS.get(kind, ""))


@dataclass(frozen=True, slots=True)
class _Exercised:
    """What an environment exercises: as a whole, and in each application."""

    whole: frozenset[str]
    parts: Mapping[str, frozenset[str]]

    def of(self, application: str | None) -> frozenset[str]:
        """What an application exercises; of none, or one that is not there, what any does."""
        return self.parts.get(application or "", self.whole)


def _exercised(table: Table, context: Context) -> _Exercised:
    parts: dict[str | None, set[str]] = {}
    for one in context.objects:
        parts.setdefault(one.application, set()).update(trait for trait, _ in traits(table, one))
    whole = frozenset(trait for part in parts.values() for trait in part)
    return _Exercised(whole, {name: frozenset(part) for name, part in parts.items() if name})


def traits(table: Table, one: Object, without: Container[str] = ()) -> Iterator[tuple[str, Node]]:
    """The kind of an object, the fields that it sets, its choices, and the entries of its lists by name.

    What is among `without` is passed over but looked into; what is told is not.
    """
    if one.kind not in without:
        yield one.kind, one.node.at("kind")
        if without:
            return
    schemas = list(table.schemas(one.api_version, one.kind))
    if schemas:
        yield from _Reading(table, one.application, without).traits(schemas[-1], one.node, one.kind)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One object being read for its traits."""

    table: Table
    application: str | None
    without: Container[str]

    def traits(self, number: int, node: Node, name: str) -> Iterator[tuple[str, Node]]:
        """The traits below a node."""
        schema = self.table.nodes[number]
        known: Mapping[str, int] = schema.get("p", {})
        for key, value in node.entries():
            if key in known and key not in ("metadata", "apiVersion", "kind"):
                inner = f"{name}.{key}" if " " in name else f"{name} {key}"
                yield from self._told(inner, value, known[key], self._choice(known[key], key, value))
            elif "m" in schema:
                yield from self.traits(schema["m"], value, name)
        if "i" in schema:
            for item in node.items():
                yield from self._item(schema["i"], item, name)

    def _item(self, number: int, item: Node, name: str) -> Iterator[tuple[str, Node]]:
        key = name.rpartition(".")[2]
        called = entry_name(key, item)
        inner = f"{name} {self._own(called)}" if called else name
        yield from self._told(inner, item, number, self._choice(number, "", item), below=name)

    def _told(
        self, name: str, value: Node, number: int, choice: str, below: str = ""
    ) -> Iterator[tuple[str, Node]]:
        for trait in (name, f"{below or name}={choice}" if choice else ""):
            if trait and trait != below and trait not in self.without:
                yield trait, value
                if self.without:
                    return
        yield from self.traits(number, value, below or name)

    def _choice(self, number: int, key: str, value: Node) -> str:
        if value.truth is not None:
            return json.dumps(value.truth)
        if "e" in self.table.nodes[number] or (key in CHOSEN and value.text):
            return self._own(str(value.content))
        return ""

    def _own(self, text: str) -> str:
        return text.replace(self.application, "its own") if self.application else text


def _applications(context: Context, against: Context, other: str) -> Iterator[Delta]:
    theirs = _configured(against)
    for application, (one, names) in _configured(context).items():
        if application not in theirs:
            message = f"{other} does not run {application}"
            yield Delta(f"application {application}", one.fault(message, "metadata.name", "enabled"))
            continue
        for name in sorted(names - theirs[application][1]):
            yield Delta(
                f"{name} of {application}", one.fault(f"{other} has no {name} of {application}", "spec")
            )


def _configured(context: Context) -> Mapping[str, tuple[Object, frozenset[str]]]:
    """Each application with the names of its variables, and of the features that are on."""
    found: dict[str, tuple[Object, frozenset[str]]] = {}
    for pod in context.serving:
        names: set[str] = set()
        for container in pod.containers:
            names.update(f"variable {one.at('name').text}" for one in container.node.at("env").items())
            for name, text, _ in variables(context, container):
                names.add(f"variable {name}")
                if name == FEATURES:
                    names.update(f"feature {feature}" for feature in _features(text))
        if pod.owner.application is not None:
            found[pod.owner.application] = (pod.owner, frozenset(names))
    return found


def _features(text: str) -> Iterator[str]:
    try:
        given = json.loads(text)
    except ValueError:
        return
    if isinstance(given, dict):
        yield from (str(name) for name, value in given.items() if value)
