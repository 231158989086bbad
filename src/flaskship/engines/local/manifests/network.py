"""Services and Ingresses."""

from collections.abc import Mapping
from typing import Any

from flaskship.engines.local.manifests.metadata import Metadata, document_rows
from flaskship.engines.local.manifests.scalars import (
    choice,
    integer,
    label_name,
    object_name,
    port,
    port_name,
    port_number,
    text,
    text_map,
    words,
)
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.spec import Ingress, IngressRule, Port, Service, ServicePort

NODE_PORTS = (30000, 32767)


def _service_port(found: Fields, _at: At) -> ServicePort:
    number: int = found["port"]
    target: Port = found.get("targetPort", number)
    return ServicePort(
        port=number,
        target=target,
        name=found.get("name"),
        node_port=found.get("nodePort") or None,
        protocol=found.get("protocol", "TCP"),
        app_protocol=found.get("appProtocol"),
    )


def _node_port(value: Any, at: At) -> int:
    found: int = integer(0)(value, at)
    low, high = NODE_PORTS
    if found and not low <= found <= high:
        raise at.error(f"{found} is outside of {low}-{high}")
    return found


SERVICE_PORT = Record(
    _service_port,
    {
        "port": required(port_number),
        "name": honoured(label_name),
        "targetPort": honoured(port),
        "nodePort": honoured(_node_port, "on this machine's loopback; a change closes the old one at once"),
        "protocol": honoured(choice("TCP", "UDP", "SCTP"), "only TCP is carried"),
        "appProtocol": honoured(text),
    },
)


def _service_spec(found: Fields, at: At) -> Fields:
    type_ = found.get("type", "ClusterIP")
    ports: tuple[ServicePort, ...] = found.get("ports", ())
    if not ports and type_ != "ExternalName" and found.get("clusterIP") != "None":
        raise at.child("ports").error("is missing: one port at least is expected")
    _require_distinct(ports, at.child("ports"))
    for index, item in enumerate(ports):
        if item.node_port and type_ not in ("NodePort", "LoadBalancer"):
            raise at.child("ports").item(index).child("nodePort").error(f"has no place in a {type_} Service")
    return found


def _require_distinct(ports: tuple[ServicePort, ...], at: At) -> None:
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for index, item in enumerate(ports):
        if item.name is None and len(ports) > 1:
            raise at.item(index).child("name").error("is missing: with several ports each has a name")
        if item.name is not None and item.name in names:
            raise at.item(index).child("name").error(f"{item.name!r} is used twice")
        if (item.port, item.protocol) in numbers:
            raise at.item(index).child("port").error(f"{item.port} is used twice")
        names.add(item.name or "")
        numbers.add((item.port, item.protocol))


def _service(found: Fields, at: At) -> Service:
    spec = found["spec"]
    metadata: Metadata = found["metadata"]
    label_name(metadata.name, at.child("metadata.name"))
    return Service(
        name=metadata.name,
        type=spec.get("type", "ClusterIP"),
        ports=spec.get("ports", ()),
        selector=spec.get("selector", {}),
        headless=spec.get("clusterIP") == "None",
    )


_LOCAL = "Services answer on this machine's loopback"
_NO_BALANCER = "there is no load balancer of a cloud here"
_SERVICE_IGNORED: Mapping[str, str] = {
    "clusterIPs": _LOCAL,
    "ipFamilies": _LOCAL,
    "ipFamilyPolicy": _LOCAL,
    "externalIPs": _LOCAL,
    "externalName": "the name is resolved by this machine",
    "sessionAffinity": "every request may go to any ready replica",
    "sessionAffinityConfig": "every request may go to any ready replica",
    "externalTrafficPolicy": _LOCAL,
    "internalTrafficPolicy": _LOCAL,
    "trafficDistribution": _LOCAL,
    "healthCheckNodePort": _NO_BALANCER,
    "allocateLoadBalancerNodePorts": _NO_BALANCER,
    "loadBalancerClass": _NO_BALANCER,
    "loadBalancerIP": _NO_BALANCER,
    "loadBalancerSourceRanges": _NO_BALANCER,
    "publishNotReadyAddresses": "only ready replicas get requests",
}
SERVICE = Record(
    _service,
    document_rows(
        {
            "spec": required(
                Record(
                    _service_spec,
                    {
                        "type": honoured(
                            choice("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
                            "LoadBalancer is run as NodePort, ExternalName is not run",
                        ),
                        "ports": honoured(ListOf(SERVICE_PORT)),
                        "selector": honoured(text_map),
                        "clusterIP": emulated(text, "an address of our own; None gives a headless Service"),
                        **{name: ignored(note) for name, note in _SERVICE_IGNORED.items()},
                    },
                )
            )
        }
    ),
)


def _backend_port(found: Fields, at: At) -> Port:
    if len(found) != 1:
        raise at.error("exactly one of name, number is expected")
    [value] = found.values()
    result: Port = value
    return result


def _backend_service(found: Fields, _at: At) -> tuple[str, Port]:
    return found["name"], found["port"]


def _backend(found: Fields, _at: At) -> tuple[str, Port] | None:
    service: tuple[str, Port] | None = found.get("service")
    return service


BACKEND = Record(
    _backend,
    {
        "service": honoured(
            Record(
                _backend_service,
                {
                    "name": required(object_name),
                    "port": required(
                        Record(_backend_port, {"name": honoured(port_name), "number": honoured(port_number)})
                    ),
                },
            )
        ),
        "resource": ignored("only Services are reached"),
    },
)


def _path(found: Fields, at: At) -> IngressRule | None:
    path = found.get("path") or "/"
    if not path.startswith("/"):
        raise at.child("path").error(f"{path!r} does not begin with /")
    backend = found["backend"]
    return IngressRule("", path, found["pathType"], *backend) if backend else None


def _paths(found: Fields, _at: At) -> tuple[IngressRule, ...]:
    return tuple(rule for rule in found["paths"] if rule)


def _rule(found: Fields, _at: At) -> tuple[str, tuple[IngressRule, ...]]:
    return found.get("host", ""), found.get("http", ())


PATH = Record(
    _path,
    {
        "path": honoured(text),
        "pathType": required(
            choice("Exact", "Prefix", "ImplementationSpecific"), "ImplementationSpecific is read as Prefix"
        ),
        "backend": required(BACKEND),
    },
)
RULE = Record(
    _rule,
    {"host": honoured(words), "http": honoured(Record(_paths, {"paths": required(ListOf(PATH))}))},
)


def _ingress(found: Fields, _at: At) -> Ingress:
    spec = found["spec"]
    rules = [
        IngressRule(host, rule.path, rule.path_type, rule.service, rule.port)
        for host, paths in spec.get("rules", ())
        for rule in paths
    ]
    return Ingress(found["metadata"].name, tuple(rules), spec.get("defaultBackend"))


def _ingress_spec(found: Fields, at: At) -> Fields:
    if not found.get("rules") and "defaultBackend" not in found:
        raise at.error("rules or defaultBackend is expected")
    return found


INGRESS = Record(
    _ingress,
    document_rows(
        {
            "spec": required(
                Record(
                    _ingress_spec,
                    {
                        "rules": honoured(ListOf(RULE)),
                        "defaultBackend": honoured(BACKEND),
                        "ingressClassName": ignored(
                            "our router serves every class; annotations of controllers change nothing"
                        ),
                        "tls": ignored(
                            "TLS is not terminated here: plain HTTP on loopback, and nothing redirects to it"
                        ),
                    },
                )
            )
        }
    ),
)
