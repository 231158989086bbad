"""An Ingress serves a host without encryption."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault, Object

CODE = "ingress-tls"
SEVERITY = Severity.ERROR
CERTIFICATE = "alb.ingress.kubernetes.io/certificate-arn"
LISTENERS = "alb.ingress.kubernetes.io/listen-ports"


def find(context: Context) -> Iterator[Fault]:
    """Find hosts that neither a TLS entry nor a load balancer's HTTPS listener covers."""
    for ingress in context.of("Ingress"):
        covered = {host for entry in ingress.spec.at("tls").items() for host in entry.at("hosts").texts}
        if _ends_at_load_balancer(ingress):
            continue
        for rule in ingress.spec.at("rules").items():
            host = rule.at("host").text
            if host not in covered and not _wildcard(host) & covered:
                yield ingress.fault(f"serves {host or 'every host'} without TLS", rule, ".ingress.tlsSecret")


def _ends_at_load_balancer(ingress: Object) -> bool:
    # Without a named certificate the load balancer finds the one of the host by itself.
    return CERTIFICATE in ingress.annotations or "HTTPS" in ingress.annotations.get(LISTENERS, "")


def _wildcard(host: str | None) -> set[str]:
    return {f"*.{host.partition('.')[2]}"} if host else set()
