"""Where a workload answers: the addresses that users have, as far as the cluster tells them."""

from collections.abc import Iterator

from flaskship.engines.kubernetes.observing.observed import Observed
from flaskship.engines.kubernetes.observing.pods import Pod, Template
from flaskship.engines.kubernetes.observing.surroundings import Ingress, Service


def endpoints_of(template: Template, pods: tuple[Pod, ...], observed: Observed) -> tuple[str, ...]:
    """Return the URLs of Ingresses, load balancers and node ports, else svc/NAME:PORT to forward from."""
    services = [one for one in observed.services if _selects(one, template, pods)]
    found: list[str] = []
    for service in services:
        outside = [*_through_ingress(service, observed), *_through_service(service, pods)]
        found += outside or [f"svc/{service.metadata.name}:{port.port}" for port in service.spec.ports[:1]]
    return tuple(dict.fromkeys(found))


def _selects(service: Service, template: Template, pods: tuple[Pod, ...]) -> bool:
    selector = service.spec.selector
    # Argo Rollouts selects by the hash of a template, which pods bear and their template does not.
    labels = [template.metadata.labels, *(pod.metadata.labels for pod in pods)]
    return bool(selector) and any(selector.items() <= one.items() for one in labels)


def _through_ingress(service: Service, observed: Observed) -> Iterator[str]:
    for ingress in observed.ingresses:
        points = ingress.status.load_balancer.ingress
        if not points:
            continue  # nobody has given it an address: its URL would lead nowhere
        for rule in ingress.spec.rules:
            for path in rule.http.paths:
                if path.backend.service.name == service.metadata.name:
                    host = rule.host or points[0].hostname or points[0].ip
                    yield f"{_scheme(ingress, rule.host)}://{host}{path.path.rstrip('*') or '/'}"


def _scheme(ingress: Ingress, host: str) -> str:
    return "https" if any(host in tls.hosts or not tls.hosts for tls in ingress.spec.tls) else "http"


def _through_service(service: Service, pods: tuple[Pod, ...]) -> Iterator[str]:
    for port in service.spec.ports:
        scheme = "https" if port.app_protocol == "https" or port.name == "https" else "http"
        if service.spec.type == "LoadBalancer":
            for point in service.status.load_balancer.ingress[:1]:
                yield f"{scheme}://{point.hostname or point.ip}:{port.port}"
        # The node of one of its own pods suits every traffic policy, and needs no right to read nodes.
        node = next((pod.status.host_ip for pod in pods if pod.status.host_ip), None)
        if port.node_port and node:
            yield f"{scheme}://{_bracketed(node)}:{port.node_port}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
