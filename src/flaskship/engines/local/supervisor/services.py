"""Services on this machine: their addresses, their listening sockets, their routes."""

import contextlib
import errno
from collections.abc import Iterable, Iterator
from typing import Protocol as Shape

from flaskship.engines.local.processes.ports import Placement
from flaskship.engines.local.routes import Protocol, Route, RouteEndpoint
from flaskship.engines.local.spec import PodTemplate, Service, ServicePort
from flaskship.engines.local.supervisor import port_holder
from flaskship.engines.local.supervisor.replica import Replica
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.model.errors import About, PortConflictError, PreflightError
from flaskship.model.frozen import dataclass

LOOPBACK = "127.0.0.1"
HTTP_PORT = 80


class Listener(Shape):
    """A socket that has to be held, and for whom."""

    @property
    def name(self) -> str:
        """Return the name by which the router knows it."""

    @property
    def host(self) -> str:
        """Return its address."""

    @property
    def port(self) -> int:
        """Return its port."""

    @property
    def wanted_by(self) -> str:
        """Return who needs it, in words."""

    @property
    def about(self) -> About | None:
        """Return the object and field of the manifests that ask for it, if they name the port."""


@dataclass(frozen=True, slots=True)
class ListenerPlan:
    """One socket that a Service needs."""

    name: str
    host: str
    port: int
    service: Service
    service_port: ServicePort
    node: bool = False

    @property
    def wanted_by(self) -> str:
        """Return who needs the socket, in words."""
        return f"Service {self.service.name}"

    @property
    def about(self) -> About | None:
        """Return the Service's field that asks for the port; its own address is ours to choose."""
        return About("Service", self.service.name, "nodePort") if self.node else None

    @property
    def url(self) -> str:
        """Return where users reach it."""
        scheme = "http" if protocol(self.service_port) == "http" else "tcp"
        host = "localhost" if self.host == LOOPBACK else self.host
        port = "" if scheme == "http" and self.port == HTTP_PORT else f":{self.port}"
        return f"{scheme}://{host}{port}"


def protocol(port: ServicePort) -> Protocol:
    """Return http or tcp by the port's appProtocol, else its name, as service meshes read it."""
    said = (port.app_protocol or port.name or "http").lower()
    return "http" if said in {"http", "kubernetes.io/ws", "web"} or said.startswith("http-") else "tcp"


def plan_listeners(environment: str, service: Service, place: Placement) -> tuple[ListenerPlan, ...]:
    """Return the sockets of a Service: one at its own address for each port, and one for each NodePort."""
    plans = []
    for port in service.ports:
        name = f"{environment}/{service.name}/{port.name or port.port}"
        plans.append(ListenerPlan(name, place.address, place.ports[port.port], service, port))
        if port.node_port:
            plans.append(ListenerPlan(f"{name}/node", LOOPBACK, port.node_port, service, port, node=True))
    return tuple(plans)


@contextlib.contextmanager
def bound(link: RouterLink, plans: Iterable[Listener]) -> Iterator[None]:
    """Hold every socket; PreflightError names who has the port. An error inside leaves all as it was."""
    wanted = tuple(plans)
    free = _let_go(link, wanted)
    with link.all_or_none():
        for plan in wanted:
            try:
                link.bind(plan.name, plan.host, plan.port, free)
            except OSError as error:
                raise _refused(plan, error, link) from error
        yield


def _let_go(link: RouterLink, wanted: Iterable[Listener]) -> frozenset[str]:
    """Return the sockets of these environments that go elsewhere, or are of a Service that is gone."""
    places = {plan.name: (plan.host, plan.port) for plan in wanted}
    owners = {name.partition("/")[0] for name in places}
    return frozenset(
        name
        for name, sock in link.sockets.items()
        if name.partition("/")[0] in owners and places.get(name) != sock.getsockname()[:2]
    )


def route(plan: ListenerPlan, replicas: Iterable[Replica]) -> Route:
    """Return where the socket's requests go: to the ready replicas that the Service selects."""
    found = endpoints(plan.service, plan.service_port, replicas)
    return Route(plan.name, protocol(plan.service_port), found, service=plan.service.name)


def endpoints(
    service: Service, service_port: ServicePort, replicas: Iterable[Replica]
) -> tuple[RouteEndpoint, ...]:
    """Return where the ready replicas behind a port of a Service answer."""
    found = []
    for replica in replicas:
        if not replica.ready or not selects(service, replica.template):
            continue
        port = replica.port(service_port.target)
        if port is not None:
            found.append(RouteEndpoint(replica.uid, replica.record.address, port))
    return tuple(found)


def selects(service: Service, template: PodTemplate) -> bool:
    """Tell whether replicas of this template are behind the Service."""
    return bool(service.selector) and all(template.labels.get(k) == v for k, v in service.selector.items())


def _refused(plan: Listener, error: OSError, link: RouterLink) -> PreflightError:
    what = f"{plan.wanted_by} wants {plan.host}:{plan.port}"
    if error.errno == errno.EADDRINUSE:
        environment = plan.name.partition("/")[0]
        holder, hint = port_holder.describe(plan.port, plan.host, link.sockets, environment)
        return PortConflictError(f"{what}, which {holder}", hint=hint, about=plan.about)
    return PreflightError(f"{what}, which this machine refuses: {error.strerror}")
