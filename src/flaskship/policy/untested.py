"""What one environment has and another never exercises: kinds, fields, choices, variables, features."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
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


@dataclass(frozen=True, slots=True)
class Delta:
    """One thing that the other environment lacks: its name for acceptances, and where it stands here."""

    name: str
    fault: Fault


def deltas(table: Table, context: Context, against: Context) -> Iterator[Delta]:
    """Every difference that only this environment has, each told once, the larger instead of its parts."""
    other = against.environment.name
    yield from _applications(context, against, other)
    known = {(one.api_version, one.kind) for one in against.objects}
    exercised = frozenset(trait for one in against.objects for trait, _ in traits(table, one))
    told: set[str] = set()
    for one in context.objects:
        name = f"{one.kind}"
        if (one.api_version, one.kind) not in known:
            message = f"{other} has no {one.api_version} {one.kind}"
            found = [(name, one.fault(message, "kind", SETTINGS.get(one.kind, "")))]
        else:
            found = [
                (trait, one.fault(f"{other} has no {trait}", at))
                for trait, at in traits(table, one)
                if trait not in exercised
            ]
        yield from (Delta(name, fault) for name, fault in found if name not in told)
        told.update(name for name, _ in found)


def traits(table: Table, one: Object) -> Iterator[tuple[str, Node]]:
    """The fields that an object sets, and the choices it makes, with lists and free keys passed over."""
    schemas = list(table.schemas(one.api_version, one.kind))
    if schemas:
        yield from _traits(table, schemas[-1], one.node, one.kind)


def _traits(table: Table, number: int, node: Node, name: str) -> Iterator[tuple[str, Node]]:
    schema = table.nodes[number]
    known: Mapping[str, int] = schema.get("p", {})
    for key, value in node.entries():
        if key in known and key not in ("metadata", "apiVersion", "kind"):
            inner = f"{name}.{key}" if "." in name or " " in name else f"{name} {key}"
            yield inner, value
            yield from _choice(table.nodes[known[key]], value, inner)
            yield from _traits(table, known[key], value, inner)
        elif "m" in schema:
            yield from _traits(table, schema["m"], value, name)
    if "i" in schema:
        for item in node.items():
            yield from _choice(table.nodes[schema["i"]], item, name)
            yield from _traits(table, schema["i"], item, name)


def _choice(schema: Mapping[str, Any], value: Node, name: str) -> Iterator[tuple[str, Node]]:
    if "e" in schema or isinstance(value.content, bool):
        yield f"{name}={json.dumps(value.content) if value.truth is not None else value.content}", value


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
