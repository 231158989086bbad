"""Hosts in values: the names of the release's Services become their local addresses."""

import re
from collections.abc import Iterable

from flaskship.engines.local.resolve.context import Finding, ServiceAddress, not_replaced, rewritten

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/\s?#]*@)?"
    r"(?P<host>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?(?=$|[/?#,;\s\"'\])}|&])"
)
_ANY_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
_BARE = re.compile(r"(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {
    "http": 80,
    "ws": 80,
    "https": 443,
    "wss": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "redis": 6379,
    "rediss": 6379,
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
    "nats": 4222,
    "memcached": 11211,
}
_IDENTITIES = frozenset(
    (
        "APP",
        "APPLICATION",
        "BUCKET",
        "COMPONENT",
        "DATABASE",
        "DB",
        "ENV",
        "ENVIRONMENT",
        "ID",
        "INSTANCE",
        "KEY",
        "KIND",
        "LABEL",
        "LOGGER",
        "MODE",
        "NAME",
        "NAMESPACE",
        "PASSWORD",
        "PREFIX",
        "QUEUE",
        "RELEASE",
        "ROLE",
        "SCHEMA",
        "SECRET",
        "TITLE",
        "TOKEN",
        "TOPIC",
        "TYPE",
        "USER",
        "USERNAME",
    )
)


class ServiceHosts:
    """The Services of one namespace by the names that a container would use."""

    def __init__(self, services: Iterable[ServiceAddress], namespace: str) -> None:
        self._namespace = namespace
        self._services = {s.name: s for s in services if s.namespace == namespace}
        names = "|".join(re.escape(name) for name in sorted(self._services, key=len, reverse=True))
        self._mention = re.compile(rf"(?<![\w./-])(?:{names})(?![\w=-])(?!\.(?!svc\b))") if names else None

    def rewrite(self, place: str, text: str) -> tuple[str, list[Finding]]:
        """Replace Services in URLs and, in a variable that is no identity, bare NAME and NAME:port."""
        text, findings = self.rewrite_urls(place, text)
        if is_identity(place):
            return text, findings
        items = text.split(",")
        for index, item in enumerate(items):
            match = _BARE.fullmatch(item.strip())
            found = match and self._named(place, match["host"], match["port"], None)
            if found:
                new, finding = found
                findings.append(finding)
                items[index] = item.replace(item.strip(), new) if new else item
        text = ",".join(items)
        if self._mention and not any(finding.strict for finding in findings):
            for mention in dict.fromkeys(self._mention.findall(_ANY_URL.sub("", text))):
                findings.append(not_replaced(place, f"{mention} stands in a form that is not understood"))
        return text, findings

    def rewrite_urls(self, place: str, text: str) -> tuple[str, list[Finding]]:
        """Replace Services that are the host of a URL."""
        findings: list[Finding] = []
        if "://" not in text:
            return text, findings

        def one(match: re.Match[str]) -> str:
            found = self._named(place, match["host"], match["port"], match["scheme"].lower())
            if found is None:
                return match[0]
            new, finding = found
            findings.append(finding)
            return f"{match['scheme']}://{match['user'] or ''}{new}" if new else match[0]

        return _URL.sub(one, text), findings

    def service(self, host: str) -> ServiceAddress | None:
        """Return the Service that a host names, None for any other host."""
        name, _, rest = host.rstrip(".").partition(".")
        mine = rest in ("", self._namespace, f"{self._namespace}.svc", f"{self._namespace}.svc.cluster.local")
        return self._services.get(name) if mine else None

    def _named(
        self, place: str, host: str, port: str | None, scheme: str | None
    ) -> tuple[str | None, Finding] | None:
        service = self.service(host)
        if service is None:
            if host.rstrip(".").endswith((".svc", ".svc.cluster.local")):
                return None, not_replaced(
                    place, f"{host} is no Service of this release: nothing answers here"
                )
            return None
        given = int(port) if port else _DEFAULT_PORTS.get((scheme or "").partition("+")[0])
        if given is None:
            return _without_port(place, service, scheme)
        local = service.ports.get(given)
        if local is None:
            return None, not_replaced(place, f"{service.name} has no port {given}")
        shown = f":{local}" if port or local != given else ""
        return service.host + shown, rewritten(place, f"{service.name} is {service.host}:{local} here")


def _without_port(place: str, service: ServiceAddress, scheme: str | None) -> tuple[str, Finding]:
    if scheme and len(service.ports) == 1:
        [local] = service.ports.values()
        return f"{service.host}:{local}", rewritten(place, f"{service.name} is {service.host}:{local} here")
    return service.host, rewritten(place, f"{service.name} is {service.host} here")


def is_identity(place: str) -> bool:
    """Say whether a variable names something by its nature, such as APP_NAME: no address stands there."""
    name = place.rpartition(".")[2].upper()
    if name.startswith(("OTEL_", "DD_")):
        return not name.endswith(("ENDPOINT", "HOST", "URL"))
    return name.rpartition("_")[2] in _IDENTITIES
