"""The entrance of an environment: rules over Services, its urls, its place."""

import socket
from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any

from flaskship.engines.local.aides import Aides
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.ports import Placement
from flaskship.engines.local.routes import HostRule, Route, RouteEndpoint, RouteTable, from_json, to_json
from flaskship.engines.local.spec import Ingress, IngressRule, LocalRelease, PodTemplate, Service, ServicePort
from flaskship.engines.local.supervisor.ingress import choose_place, listener, plan_entrance
from flaskship.engines.local.supervisor.router_link import RouterLink

WEB = PodTemplate("hash", (), labels={"app": "web"})
PLACE = Placement("127.0.0.1", {80: 40080})
ENDPOINT = RouteEndpoint("u1", "127.20.1.1", 5000)


def entrance(*rules: IngressRule, default: tuple[str, Any] | None = None) -> Any:
    service = Service("web", "ClusterIP", (ServicePort(80, 5000, "http"),), {"app": "web"})
    return plan_entrance(
        "dev", LocalRelease(services=(service,), ingresses=(Ingress("in", rules, default),)), PLACE
    )


def replica(*, ready: bool = True) -> Any:
    record = Thing(address="127.20.1.1")
    return Thing(uid="u1", ready=ready, template=WEB, record=record, port=lambda target: target)


def rule(host: str = "a.example", path: str = "/", kind: str = "Prefix", port: Any = "http") -> IngressRule:
    return IngressRule(host, path, kind, "web", port)


def test_each_rule_answers_to_its_host_and_to_its_name_under_localhost() -> None:
    route = entrance(rule(kind="ImplementationSpecific"), rule("", "/x", "Exact", 80)).route([replica()])
    assert route == Route(
        "dev//ingress",
        "http",
        (),
        (
            HostRule("a.example", "/", "Prefix", (ENDPOINT,), "web"),
            HostRule("a.example.localhost", "/", "Prefix", (ENDPOINT,), "web"),
            HostRule("*", "/x", "Exact", (ENDPOINT,), "web"),
        ),
        "",
    )
    assert from_json(to_json(RouteTable(1, (route,)))).routes == (route,)


def test_a_replica_that_is_not_ready_gets_nothing() -> None:
    assert entrance(rule()).route([replica(ready=False)]).rules[0].endpoints == ()


def test_a_default_backend_serves_what_no_rule_matches() -> None:
    found = entrance(default=("web", 80)).route([replica()])
    assert found.endpoints == (ENDPOINT,)
    # The name tells the router that somebody is meant to answer, though nobody may be ready.
    assert found.service == "ingress"
    assert entrance(default=("web", 80)).route([]).service == "ingress"


def test_a_backend_that_is_not_there_is_named_and_has_no_endpoints() -> None:
    found = entrance(rule(port=81), default=("nobody", "http"))
    assert found.problems() == (
        "Ingress in: no Service web has a port 81",
        "Ingress in: no Service nobody has a port http",
    )
    assert found.route([replica()]).rules[0].endpoints == ()
    assert entrance(rule()).problems() == ()


def test_the_urls_are_those_of_whole_hosts() -> None:
    found = entrance(rule(), rule(), rule(path="/x"), rule("*.example"), rule(""))
    assert found.urls(WEB) == ("http://a.example.localhost:40080", "http://localhost:40080")
    assert found.urls(PodTemplate("other", (), labels={"app": "other"})) == ()


def test_the_place_stays_unless_somebody_else_took_it(tmp_path: Path) -> None:
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    first = choose_place("dev", None, link)
    assert first.address == "127.0.0.1"
    assert choose_place("dev", first, link) == first
    with socket.socket() as holder:
        holder.bind((first.address, first.ports[80]))
        holder.listen()
        assert choose_place("dev", first, link) != first
        link.sockets[listener("dev")] = holder
        assert choose_place("dev", first, link) == first
