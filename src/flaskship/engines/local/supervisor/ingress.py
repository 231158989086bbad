"""The Ingresses of an environment: one entrance on this machine, which routes by host and path.

It answers on 127.0.0.1 at a port that stays the same. Next to each rule's own host the same rule answers to
HOST.localhost: every browser and curl take such names for this machine, without any change to it.
"""

from collections.abc import Iterable, Iterator

from flaskship.engines.local.processes.ports import FreePorts, Placement
from flaskship.engines.local.routes import HostRule, PathType, Route
from flaskship.engines.local.spec import (
    Ingress,
    IngressRule,
    LocalRelease,
    PodTemplate,
    Port,
    Service,
    ServicePort,
)
from flaskship.engines.local.supervisor import services
from flaskship.engines.local.supervisor.replica import Replica
from flaskship.engines.local.supervisor.router_link import RouterLink, listen
from flaskship.model.frozen import dataclass

PLACE = "/ingress"
"""Where its address is kept among those of the Services: none of them can have this name."""
HTTP_PORT = 80
ANY_HOST = "*"


@dataclass(frozen=True, slots=True)
class Entrance:
    """The socket that all Ingresses of an environment share."""

    name: str
    host: str
    port: int
    ingresses: tuple[Ingress, ...]
    services: tuple[Service, ...]

    @property
    def wanted_by(self) -> str:
        """Return who needs the socket, in words."""
        return f"Ingress {self.ingresses[0].name}"

    @property
    def about(self) -> None:
        """Return nothing: its port is ours to choose."""
        return None

    def urls(self, template: PodTemplate) -> tuple[str, ...]:
        """Return where users reach replicas of this template as a whole: at the root of a host."""
        found = (
            f"{rule.host}.localhost" if rule.host else "localhost"
            for rule in self._rules()
            if rule.path == "/" and not rule.host.startswith("*.") and self._leads_to(rule, template)
        )
        return tuple(dict.fromkeys(f"http://{name}:{self.port}" for name in found))

    def problems(self) -> tuple[str, ...]:
        """Return which backends this release does not have: their requests are answered with 503."""
        return tuple(
            f"Ingress {ingress.name}: no Service {name} has a port {port}"
            for ingress in self.ingresses
            for name, port in _backends(ingress)
            if self._backend(name, port) is None
        )

    def route(self, replicas: Iterable[Replica]) -> Route:
        """Return the rules over the replicas that are ready now."""
        ready = tuple(replicas)
        rules: list[HostRule] = []
        for rule in self._rules():
            kind: PathType = "Exact" if rule.path_type == "Exact" else "Prefix"
            backend = self._backend(rule.service, rule.port)
            found = services.endpoints(*backend, ready) if backend else ()
            hosts = (rule.host, f"{rule.host}.localhost") if rule.host else (ANY_HOST,)
            rules += [HostRule(host, rule.path, kind, found, rule.service) for host in hosts]
        default = next((one.default for one in self.ingresses if one.default), None)
        behind = self._backend(*default) if default else None
        # Without a default backend nothing stands behind what no rule takes: the router answers 404 then.
        name = "ingress" if default else ""
        return Route(
            self.name, "http", services.endpoints(*behind, ready) if behind else (), tuple(rules), name
        )

    def _rules(self) -> Iterator[IngressRule]:
        return (rule for ingress in self.ingresses for rule in ingress.rules)

    def _backend(self, name: str, port: Port) -> tuple[Service, ServicePort] | None:
        for service in self.services:
            for known in service.ports:
                if service.name == name and port in (known.port, known.name):
                    return service, known
        return None

    def _leads_to(self, rule: IngressRule, template: PodTemplate) -> bool:
        backend = self._backend(rule.service, rule.port)
        return backend is not None and services.selects(backend[0], template)


def listener(environment: str) -> str:
    """Return the name of the entrance's socket."""
    return f"{environment}/{PLACE}"


def plan_entrance(environment: str, spec: LocalRelease, place: Placement) -> Entrance:
    """Return the entrance of a release that has Ingresses."""
    return Entrance(
        listener(environment), place.address, place.ports[HTTP_PORT], spec.ingresses, spec.services
    )


def choose_place(environment: str, known: Placement | None, link: RouterLink) -> Placement:
    """Return the place that is kept, unless somebody else took its port meanwhile: then another."""
    if known is not None and (listener(environment) in link.sockets or _is_free(known)):
        return known
    return FreePorts().allocate([HTTP_PORT])


def _is_free(place: Placement) -> bool:
    try:
        listen(place.address, place.ports[HTTP_PORT]).close()
    except OSError:
        return False
    return True


def _backends(ingress: Ingress) -> Iterator[tuple[str, Port]]:
    yield from ((rule.service, rule.port) for rule in ingress.rules)
    if ingress.default:
        yield ingress.default
