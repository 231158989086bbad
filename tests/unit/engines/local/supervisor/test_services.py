import socket
import subprocess
import sys

import pytest

from flaskship.engines.local.aides import Aides
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.ports import Placement
from flaskship.engines.local.spec import PodTemplate, Service, ServicePort
from flaskship.engines.local.supervisor import services
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.model.errors import About, PortConflictError, PreflightError

PLACE = Placement("127.20.1.9", {80: 8080, 5432: 5432})


def service(*ports: ServicePort, selector: dict[str, str] | None = None) -> Service:
    return Service("web", "NodePort", ports, {"app": "web"} if selector is None else selector)


def bind(link: RouterLink, plans) -> None:
    with services.bound(link, plans):
        pass


def test_each_port_has_a_socket_at_the_services_address_and_node_ports_one_more():
    plans = services.plan_listeners("dev", service(ServicePort(80, "http", "http", node_port=30080)), PLACE)
    assert [(p.name, p.host, p.port, p.node) for p in plans] == [
        ("dev/web/http", "127.20.1.9", 8080, False),
        ("dev/web/http/node", "127.0.0.1", 30080, True),
    ]
    assert [plan.url for plan in plans] == ["http://127.20.1.9:8080", "http://localhost:30080"]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (ServicePort(80, 5000), "http"),
        (ServicePort(80, 5000, name="http"), "http"),
        (ServicePort(80, 5000, name="http-admin"), "http"),
        (ServicePort(5432, 5432, name="postgres"), "tcp"),
        (ServicePort(443, 8443, name="https"), "tcp"),
        (ServicePort(80, 5000, name="web-tcp", app_protocol="http"), "http"),
        (ServicePort(80, 5000, name="http", app_protocol="kubernetes.io/h2c"), "tcp"),
    ],
)
def test_the_protocol_is_what_the_port_says(port, expected):
    assert services.protocol(port) == expected


@pytest.mark.parametrize(
    ("selector", "labels", "selected"),
    [
        ({"app": "web"}, {"app": "web", "tier": "front"}, True),
        ({"app": "web"}, {"app": "other"}, False),
        ({"app": "web", "tier": "back"}, {"app": "web"}, False),
        ({}, {"app": "web"}, False),
    ],
)
def test_a_service_selects_by_every_label(selector, labels, selected):
    template = PodTemplate("hash", (), labels=labels)
    assert services.selects(service(selector=selector), template) is selected


def test_a_taken_port_is_refused_with_its_holder_and_nothing_stays_bound(tmp_path):
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            free = other.getsockname()[1]
        place = Placement("127.0.0.1", {80: free})
        plans = services.plan_listeners("dev", service(ServicePort(80, 1, "http", node_port=taken)), place)
        with pytest.raises(PreflightError, match=f"127.0.0.1:{taken}") as refused:
            bind(link, plans)
    assert "pid" in refused.value.message
    assert "nodePort" in refused.value.hint
    assert link.sockets == {}


def free_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        return other.getsockname()[1]


def on_node_port(environment, name, port):
    wanted = Service(name, "NodePort", (ServicePort(80, 1, "http", node_port=port),), {"app": name})
    return services.plan_listeners(environment, wanted, Placement("127.0.0.1", {80: free_port()}))


@pytest.mark.parametrize(
    ("environment", "holder", "way_out"),
    [
        (
            "staging",
            "Service web of dev has, which runs here, too",
            "End it with `flaskship down dev`, or give",
        ),
        ("dev", "Service web of the same environment has", "Give the Service another nodePort"),
    ],
)
def test_a_port_of_another_service_of_this_project_is_named_by_it(tmp_path, environment, holder, way_out):
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    port = free_port()
    web = on_node_port("dev", "web", port)
    bind(link, web)
    # A Service that the release has no more gives its port away: this one it still has.
    beside = web if environment == "dev" else ()
    try:
        with pytest.raises(PortConflictError, match=f"Service shop wants 127.0.0.1:{port}") as refused:
            bind(link, (*beside, *on_node_port(environment, "shop", port)))
    finally:
        for sock in link.sockets.values():
            sock.close()
    assert refused.value.message.endswith(f", which {holder}")
    assert refused.value.hint.startswith(way_out)
    assert "pid" not in refused.value.message
    assert refused.value.about == About("Service", "shop", "nodePort")


def test_a_port_of_another_projects_router_is_named_by_the_project(tmp_path):
    listening = (
        "import socket, sys\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "sys.stdin.read()"
    )
    words = ["flaskship.engines.local.router", "--project", "/home/ann/shop"]
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    with subprocess.Popen(
        [sys.executable, "-c", listening, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        port = int(other.stdout.readline())
        with pytest.raises(PreflightError) as refused:
            bind(link, on_node_port("dev", "web", port))
        other.stdin.close()
    assert f"Flaskship is using for the project in /home/ann/shop (pid {other.pid})" in refused.value.message
    assert "flaskship --project /home/ann/shop down ENV" in refused.value.hint
    assert link.sockets == {}


def test_an_address_that_is_not_here_is_refused_in_words(tmp_path):
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    place = Placement("192.0.2.1", {80: 8080})
    with pytest.raises(PreflightError, match=r"192\.0\.2\.1:8080"):
        bind(link, services.plan_listeners("dev", service(ServicePort(80, 1)), place))


def test_a_changed_port_is_held_beside_the_old_one_which_nothing_serves_yet(tmp_path):
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    before, after = on_node_port("dev", "web", free_port()), on_node_port("dev", "web", free_port())
    bind(link, before)
    old = dict(link.sockets)
    bind(link, after)
    assert [link.sockets[plan.name].getsockname() for plan in after] == [(p.host, p.port) for p in after]
    assert [old[plan.name].getsockname() for plan in before] == [(p.host, p.port) for p in before]
    for sock in (*old.values(), *link.sockets.values()):
        sock.close()


def test_an_unchanged_port_keeps_its_socket(tmp_path):
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    plans = on_node_port("dev", "web", free_port())
    bind(link, plans)
    before = dict(link.sockets)
    bind(link, plans)
    assert link.sockets == before
    for sock in before.values():
        sock.close()


def test_a_revision_that_cannot_be_taken_on_leaves_the_sockets_as_they_were(tmp_path):
    link = RouterLink(LocalPaths(tmp_path), Aides(LocalPaths(tmp_path)).router)
    before, after = on_node_port("dev", "web", free_port()), on_node_port("dev", "web", free_port())
    bind(link, before)
    held = dict(link.sockets)
    with pytest.raises(OSError, match="no space"), services.bound(link, after):
        raise OSError("no space")
    assert link.sockets == held
    bind(link, on_node_port("staging", "web", after[1].port))
    assert [held[plan.name].getsockname() for plan in before] == [(p.host, p.port) for p in before]
    for sock in link.sockets.values():
        sock.close()
