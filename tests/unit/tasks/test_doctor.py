"""Doctor: each check says ok, warning or failed, and what to do."""

from dataclasses import replace

import pytest
from tests.contract.documents import service
from tests.contract.world import Stage

from flaskship.tasks import doctor as story
from flaskship.tasks.inspection import inspect
from flaskship.tasks.machine import Asked, Health, Interpreter, Met, Port


@pytest.mark.parametrize(("version", "result"), [((3, 10, 9), Health.FAILED), ((3, 11, 0), Health.OK)])
def test_python(version: tuple[int, int, int], result: Health) -> None:
    assert story.check_python(version).result is result


@pytest.mark.parametrize(
    ("free", "result"), [(100 << 20, Health.FAILED), (1 << 30, Health.WARNING), (9 << 30, Health.OK)]
)
def test_disk(free: int, result: Health) -> None:
    assert story.check_disk(free).result is result


@pytest.mark.parametrize(
    ("holder", "ours", "result"),
    [(None, False, Health.OK), ("router (pid 3)", True, Health.OK), ("nginx (pid 3)", False, Health.FAILED)],
)
def test_ports(holder: str | None, ours: bool, result: Health) -> None:
    check = story.check_port(Port(30080, "dev", "api", holder, ours))
    assert check.result is result
    assert (holder or "free") in check.message


def test_parts_that_do_not_answer() -> None:
    check = story.check_answer("helm", Asked(False, "no such library"), "install it")
    assert (check.result, check.message, check.advice) == (Health.FAILED, "no such library", "install it")


def test_limits() -> None:
    assert story.check_containment(("memory", "CPU"), ()).result is Health.OK
    check = story.check_containment((), ("CPU",))
    assert check.result is Health.WARNING
    assert "not contained: CPU" in check.message


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (Interpreter("app", "3.12", "3.12.1"), Health.OK),
        (Interpreter("app", "3.13", "3.11.7", stands_in=True), Health.WARNING),
        (Interpreter("app", problem="Dockerfile:3: what is this?"), Health.FAILED),
    ],
)
def test_interpreters(asked: Interpreter, result: Health) -> None:
    assert story.check_interpreter(asked).result is result


def test_node_ports_are_those_of_services_that_have_one() -> None:
    documents = (service("api", node_port=30080), service("worker"), {"kind": "ConfigMap"})
    assert story.node_ports(documents) == {30080: "api"}


async def test_every_port_of_every_environment_is_looked_at() -> None:
    stage = Stage()
    checks = await story.doctor(stage.world(), stage.project, stage.project.environments)
    assert [one.message for one in checks if one.name == "port 30080"] == [
        "free; dev wants it for my-tomorrows-api",
        "free; staging wants it for my-tomorrows-api",
    ]
    assert story.exit_code(checks) == 0


async def test_a_needed_tool_below_its_floor_is_exit_4() -> None:
    stage = Stage()
    stage.met = (Met("terraform", "1.10.0", needed=True),)
    checks = await story.doctor(stage.world(), stage.project, ())
    assert (checks[-1].name, checks[-1].result) == ("terraform binary", Health.FAILED)
    assert story.exit_code(checks) == 4


async def test_one_failure_is_exit_4_and_a_warning_is_not() -> None:
    stage = Stage()
    stage.machine = replace(stage.machine, uncontained=("CPU",))
    assert story.exit_code(await story.doctor(stage.world(), stage.project, ())) == 0
    stage.machine = replace(stage.machine, uv=Asked(False, "gone"))
    assert story.exit_code(await story.doctor(stage.world(), stage.project, ())) == 4


async def test_this_machine_can_be_inspected(tmp_path) -> None:
    import socket

    project = replace(Stage(tmp_path).project, images=())
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        number = held.getsockname()[1]
        machine = await inspect(project, [Port(number, "dev", "api")])
    assert machine.helm.ok
    assert machine.uv.ok
    assert machine.free_disk > 0
    assert machine.ports[0].holder is not None
    assert not machine.ports[0].ours
