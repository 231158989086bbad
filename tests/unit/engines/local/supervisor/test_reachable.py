"""A release is complete once requests reach it: the router has acknowledged its replicas."""

from types import SimpleNamespace

import pytest

from flaskship.engines.local.routes import HostRule, Route, RouteEndpoint
from flaskship.engines.local.supervisor.environment import EnvironmentRuntime
from flaskship.engines.local.supervisor.router_link import _uids


def replica(uid="a", labels=None, port=5000):
    labels = {"app": "web"} if labels is None else labels
    return SimpleNamespace(uid=uid, template=SimpleNamespace(labels=labels), port=lambda _: port)


def runtime(*served, selector=None):
    service = SimpleNamespace(selector={"app": "web"} if selector is None else selector)
    plan = SimpleNamespace(service=service, service_port=SimpleNamespace(target=5000))
    link = SimpleNamespace(served=lambda name: frozenset(served) if name == "dev" else frozenset())
    return SimpleNamespace(name="dev", listeners=(plan,), _link=link)


@pytest.mark.parametrize(("served", "reached"), [(("a",), True), (("b",), False), ((), False)])
def test_behind_a_service_it_is_reached_once_the_router_knows_it(served, reached):
    assert EnvironmentRuntime.reachable(runtime(*served), replica()) is reached


def test_what_no_service_is_in_front_of_is_waited_for_by_nobody():
    assert EnvironmentRuntime.reachable(runtime(), replica(labels={"app": "worker"}))
    assert EnvironmentRuntime.reachable(runtime(selector={}), replica())
    assert EnvironmentRuntime.reachable(runtime(), replica(port=None))


def test_the_replicas_of_a_table_are_those_of_its_rules_too():
    one, two = RouteEndpoint("a", "127.0.0.1", 1), RouteEndpoint("b", "127.0.0.1", 2)
    table = (Route("x", "http", (one,)), Route("y", "http", (), (HostRule("*", "/", "Prefix", (two,)),)))
    assert _uids(table) == {"a", "b"}
    assert _uids(()) == frozenset()
