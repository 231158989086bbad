"""The variables of a container, in Kubernetes' order and with local addresses and paths."""

from collections.abc import Iterator, Mapping

from flaskship.engines.local.processes.proc import ENVIRONMENT_VARIABLE, UID_VARIABLE
from flaskship.engines.local.resolve.binding import Binding
from flaskship.engines.local.resolve.context import (
    Finding,
    ReplicaContext,
    ResolvedEnvironment,
    not_replaced,
    rewritten,
)
from flaskship.engines.local.resolve.expansion import expand
from flaskship.engines.local.resolve.hosts import ServiceHosts
from flaskship.engines.local.resolve.places import Places, mounted_at
from flaskship.engines.local.resolve.references import field_value, key_value, resource_value, whole
from flaskship.engines.local.spec import (
    Container,
    EnvEntry,
    FieldRef,
    KeyRef,
    PodTemplate,
    ResourceRef,
)
from flaskship.model.snapshot import Problem


def resolve_environment(
    container: Container, template: PodTemplate, context: ReplicaContext, image_env: Mapping[str, str]
) -> ResolvedEnvironment:
    """Return the whole environment of a container, or the problem that keeps it from starting."""
    links = dict(_links(context)) if template.service_links else {}
    declared: dict[str, str] = {}
    facts: set[str] = set()
    for ref in container.env_from:
        found = whole(ref, context, "envFrom")
        if isinstance(found, Problem):
            return ResolvedEnvironment({}, {}, problem=found)
        declared |= found
    for entry in container.env:
        value = _value(entry, container, template, context, links | declared)
        if isinstance(value, Problem):
            return ResolvedEnvironment({}, {}, problem=value)
        if value is None:
            continue
        declared[entry.name] = value
        if isinstance(entry.source, FieldRef | ResourceRef):
            facts.add(entry.name)
        else:
            facts.discard(entry.name)
    for name, value in declared.items():
        if "\0" in value:
            sentence = f"the value of {name} holds a zero byte, which no process can be given"
            return ResolvedEnvironment({}, {}, problem=Problem("VariableInvalid", sentence, f"env.{name}"))
    visible = links | declared
    local, findings = _local(declared, facts, container, context, visible)
    own = _own(container, context, declared, visible)
    places = Places(container, context, visible)
    image = {name: places.rewrite(value) for name, value in image_env.items()}
    if "PATH" in image:
        # Two folders of the image can have the one place here.
        image["PATH"] = ":".join(dict.fromkeys(image["PATH"].split(":")))
    fixed = {
        UID_VARIABLE: context.uid,
        ENVIRONMENT_VARIABLE: context.environment,
        "FLASKSHIP_NAMESPACE": context.namespace,
        "FLASKSHIP_RELEASE": context.release,
        "FLASKSHIP_APPLICATION": context.application,
        "FLASKSHIP_REPLICA": context.name,
    }
    return ResolvedEnvironment({**image, **links, **own, **local, **fixed}, visible, tuple(findings))


def _links(context: ReplicaContext) -> Iterator[tuple[str, str]]:
    for service in context.services:
        if service.namespace == context.namespace and service.ports:
            prefix = service.name.upper().replace("-", "_")
            yield f"{prefix}_SERVICE_HOST", service.host
            yield f"{prefix}_SERVICE_PORT", str(next(iter(service.ports.values())))


def _value(
    entry: EnvEntry,
    container: Container,
    template: PodTemplate,
    context: ReplicaContext,
    visible: Mapping[str, str],
) -> str | Problem | None:
    match entry.source:
        case str(text):
            return expand(text, visible)
        case KeyRef() as ref:
            return key_value(ref, context, f"env.{entry.name}")
        case FieldRef() as ref:
            return field_value(ref, template, context)
        case ref:
            return resource_value(ref, container, template, context)


def binding_of(container: Container, context: ReplicaContext) -> Binding:
    """Return where the declared ports of a container are here."""
    ports = {port.number: context.port(port.number) for port in container.ports}
    return Binding(context.address, ports)


def _own(
    container: Container, context: ReplicaContext, declared: Mapping[str, str], visible: Mapping[str, str]
) -> dict[str, str]:
    own = {"POD_IP": context.address}
    named = [port for port in container.ports if port.name == "http"]
    port = container.ports[0] if len(container.ports) == 1 else named[0] if named else None
    if port is not None and "PORT" not in declared:
        own["PORT"] = str(context.port(port.number))
    empty_tmp = mounted_at(container, context, visible).get("/tmp")  # noqa: S108 - a mount's path
    if empty_tmp is not None and "TMPDIR" not in declared:
        own["TMPDIR"] = str(empty_tmp)
    return own


def _local(
    declared: Mapping[str, str],
    facts: set[str],
    container: Container,
    context: ReplicaContext,
    visible: Mapping[str, str],
) -> tuple[dict[str, str], list[Finding]]:
    hosts = ServiceHosts(context.services, context.namespace)
    binding = binding_of(container, context)
    places = Places(container, context, visible)
    local: dict[str, str] = {}
    findings: list[Finding] = []
    for name, value in declared.items():
        if name in facts:
            local[name] = value
            continue
        place = f"env.{name}"
        text, found = hosts.rewrite(place, value)
        findings += found
        bound = binding.every(text) or binding.endpoint(text) or binding.inside(text)
        if name == "PORT" and (port := binding.declared(text)) is not None:
            bound = str(port)
        if bound != text:
            findings.append(rewritten(place, "the address to listen on is the replica's own"))
        moved = places.rewrite(bound)
        if moved != bound:
            findings.append(rewritten(place, "a path of the container is a local one"))
        local[name] = moved
    findings += _ports_beside_hosts(declared, local, hosts)
    return local, findings


def _ports_beside_hosts(
    declared: Mapping[str, str], local: dict[str, str], hosts: ServiceHosts
) -> Iterator[Finding]:
    for name, value in declared.items():
        service = hosts.service(value)
        if service is None or local[name] == value or all(k == v for k, v in service.ports.items()):
            continue
        beside = f"{name.removesuffix('_HOST')}_PORT" if name.endswith("_HOST") else ""
        given = declared.get(beside, "")
        if given.isdigit() and int(given) in service.ports:
            local[beside] = str(service.ports[int(given)])
            yield rewritten(f"env.{beside}", f"port {given} of {service.name} is {local[beside]} here")
        else:
            yield not_replaced(
                f"env.{name}",
                f"{service.name} answers on another port here than on a cluster: name it in the value",
            )
