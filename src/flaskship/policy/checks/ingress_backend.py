"""An Ingress sends requests to a Service or a port that is not there."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault, Object

CODE = "ingress-backend"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find backends without their Service, and those with a port that it does not have."""
    services = {(one.namespace, one.name): one for one in context.of("Service")}
    for ingress in context.of("Ingress"):
        for rule in ingress.spec.at("rules").items():
            for path in rule.at("http", "paths").items():
                backend = path.at("backend", "service")
                name = backend.at("name").text
                service = services.get((ingress.namespace, name or ""))
                if name and service is None:
                    yield ingress.fault(f"sends to Service {name}, which is not there", backend, ".ingress")
                elif service is not None and (problem := _port(service, backend.at("port"))):
                    yield ingress.fault(problem, backend.at("port"), ".ingress")


def _port(service: Object, wanted: Node) -> str | None:
    ports = tuple(service.spec.at("ports").items())
    known = {port.at("port").port for port in ports} | {port.at("name").port for port in ports}
    asked = wanted.at("number").port or wanted.at("name").port
    if asked is None or asked in known:
        return None
    return f"sends to port {asked} of Service {service.name}, which has no such port"
