"""References of a container: keys of ConfigMaps and Secrets, and the downward API."""

import json
from collections.abc import Mapping

from flaskship.engines.local.resolve.context import ReplicaContext
from flaskship.engines.local.spec import (
    Configuration,
    Container,
    EnvFrom,
    FieldRef,
    KeyRef,
    PodTemplate,
    ResourceRef,
)
from flaskship.model.quantity import parse_bytes, parse_cpu
from flaskship.model.snapshot import Problem


def key_value(ref: KeyRef, context: ReplicaContext, place: str) -> str | Problem | None:
    """Return the value of a key; None where it is optional and absent."""
    held = context.configurations.get((ref.kind, ref.name))
    if held is None:
        return None if ref.optional else missing(ref.kind, ref.name, place)
    if ref.key in held.data:
        return held.data[ref.key]
    if ref.key in held.binary:
        return held.binary[ref.key].decode("utf-8", "replace")
    return None if ref.optional else missing_key(held, ref.key, place)


def whole(ref: EnvFrom, context: ReplicaContext, place: str) -> Mapping[str, str] | Problem:
    """Return every key as a variable, with the prefix."""
    held = context.configurations.get((ref.kind, ref.name))
    if held is None:
        return {} if ref.optional else missing(ref.kind, ref.name, place)
    return {f"{ref.prefix}{key}": value for key, value in held.data.items() if "=" not in key}


def missing(kind: str, name: str, place: str) -> Problem:
    """Return the problem of a ConfigMap or Secret that is not there."""
    return Problem(f"{kind}Missing", f"{kind} {name!r} is not in this release", place)


def missing_key(held: Configuration, key: str, place: str) -> Problem:
    """Return the problem of a key that is not there, with the names of those that are."""
    keys = ", ".join(sorted([*held.data, *held.binary])) or "none"
    return Problem("KeyMissing", f"{held.kind} {held.name!r} has no key {key!r}; it has {keys}", place)


def field_value(ref: FieldRef, template: PodTemplate, context: ReplicaContext) -> str:
    """Return a field of the replica as the downward API shows it."""
    labels = {**template.labels, **context.labels}
    plain = {
        "metadata.name": context.name,
        "metadata.namespace": context.namespace,
        "metadata.uid": context.uid,
        "spec.nodeName": context.node_name,
        "spec.serviceAccountName": template.service_account,
        "status.podIP": context.address,
        "status.podIPs": context.address,
        "status.hostIP": context.host_address,
        "status.hostIPs": context.host_address,
    }
    if ref.path in plain:
        return plain[ref.path]
    values = labels if ref.path.startswith("metadata.labels") else template.annotations
    if ref.path.endswith("']"):
        return values.get(ref.path.partition("['")[2].removesuffix("']"), "")
    return "\n".join(f"{key}={json.dumps(value)}" for key, value in sorted(values.items()))


def resource_value(
    ref: ResourceRef, container: Container | None, template: PodTemplate, context: ReplicaContext
) -> str:
    """Return a limit or request of a container, divided and rounded up; this machine where none is set."""
    everyone = (*template.containers, *template.init_containers)
    named = next((item for item in everyone if item.name == ref.container), container)
    side, _, name = ref.resource.partition(".")
    resources = (named or template.main).resources
    if name == "cpu":
        amount = resources.cpu_limit if side == "limits" else resources.cpu_request
        divisor, whole_machine = parse_cpu(ref.divisor), context.cpu_millis
    else:
        amount = resources.memory_limit if side == "limits" else resources.memory_request
        divisor, whole_machine = parse_bytes(ref.divisor), context.memory_bytes
    if amount is None:
        amount = whole_machine if side == "limits" else 0
    return str(-(-amount // divisor))
