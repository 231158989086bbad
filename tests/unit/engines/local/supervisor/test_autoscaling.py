"""The measuring edge of autoscaling: from cells to pods, with a clock of its own."""

from types import SimpleNamespace as Thing
from typing import Any

import pytest

from flaskship.engines.local.processes.limits import Usage
from flaskship.engines.local.spec import Autoscaler, Container, Resources
from flaskship.engines.local.supervisor.autoscaling import Autoscaling, keep_scaling
from flaskship.model.errors import FlaskshipError
from flaskship.rollout.autoscaling import Rules
from flaskship.rollout.metrics import Metric

MEMORY = Autoscaler("web-hpa", "web", Rules(1, 5, (Metric("memory", "AverageValue", 100),)))
CPU = Autoscaler("web-hpa", "web", Rules(1, 5, (Metric("cpu", "Utilization", 50),)))


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def container(uid: str, usage: Usage | None, *, always: bool = False, **resources: int) -> Any:
    spec = Container("web", "web:1", resources=Resources(**resources), always=always)
    return Thing(spec=spec, usage=lambda: usage, standing=Thing(process=uid if usage else None))


def replica(*containers: Any, init: tuple[Any, ...] = (), ready_at: float | None = 10.0) -> Any:
    return Thing(
        init={str(n): one for n, one in enumerate(init)},
        containers={str(n): one for n, one in enumerate(containers)},
        ready=ready_at is not None,
        ready_at=ready_at,
        initialized=True,
        terminating=False,
        record=Thing(created_at=0.0, was_ready=True, workload="web"),
    )


def test_processor_time_is_a_rate_between_two_looks() -> None:
    clock = Clock()
    scaling = Autoscaling(clock)
    first = scaling.measure(replica(container("a.1", Usage(memory=7, cpu_seconds=10.0), cpu_request=100)))
    assert first.containers["web"].usage == {"memory": 7}
    clock.at += 15
    second = scaling.measure(replica(container("a.1", Usage(memory=7, cpu_seconds=13.0), cpu_request=100)))
    assert second.containers["web"].usage == {"memory": 7, "cpu": pytest.approx(200)}
    assert second.containers["web"].requests == {"cpu": 100}
    assert (second.measured_over, second.ready_for) == (15, clock.at - 10)


def test_a_process_that_was_started_again_is_measured_anew() -> None:
    clock = Clock()
    scaling = Autoscaling(clock)
    scaling.measure(replica(container("a.1", Usage(cpu_seconds=10.0))))
    clock.at += 15
    assert scaling.measure(replica(container("a.2", Usage(cpu_seconds=1.0)))).containers["web"].usage == {}
    scaling.forget(["a.2"])
    assert set(scaling.readings) == {"a.2"}


def test_a_container_without_a_process_is_not_measured() -> None:
    assert Autoscaling(Clock()).measure(replica(container("a.1", None))).containers["web"].usage == {}


def test_sidecars_are_measured_and_plain_init_containers_are_not() -> None:
    side = container("s.1", Usage(memory=5), always=True)
    side.spec = Container("side", "web:1", always=True)
    init = container("i.1", Usage(memory=9))
    pod = Autoscaling(Clock()).measure(replica(container("a.1", Usage(memory=7)), init=(side, init)))
    assert set(pod.containers) == {"web", "side"}


def test_the_memory_of_one_look_reaches_the_next() -> None:
    clock = Clock()
    scaling = Autoscaling(clock)
    busy = [replica(container(f"{n}.1", Usage(memory=300))) for n in range(2)]
    assert scaling.look(MEMORY, 2, busy).desired == 5
    idle = [replica(container(f"{n}.1", Usage(memory=1))) for n in range(5)]
    clock.at += 15
    assert scaling.look(MEMORY, 5, idle).desired == 5
    clock.at += 301
    assert scaling.look(MEMORY, 5, idle).desired == 1


class Runtime:
    """As much of an environment as the loop sees; its sleep ends the test after so many looks."""

    def __init__(self, scaler: Autoscaler, usage: Usage, *, fails: int = 0) -> None:
        clock = Clock()
        self.looks, self.fails = 0, fails
        self.moves: list[int] = []
        self.events: list[str] = []
        self.workload = Thing(spec=Thing(name="web"), desired=1)
        self.replicas = {"a": replica(container("a.1", usage))}
        self.scaler = scaler
        self.world = Thing(now=clock, sleep=self._sleep, containers={"a.1": None})

    async def _sleep(self, seconds: float) -> None:
        assert seconds == 15
        self.looks += 1
        self.world.now.at += seconds
        if self.looks > 3:
            raise InterruptedError

    def autoscaled(self) -> Any:
        if self.looks <= self.fails:
            raise FlaskshipError("the disk is full")
        return [(self.scaler, self.workload)]

    def autoscale(self, workload: Any, replicas: int, _why: str) -> None:
        workload.desired = replicas
        self.moves.append(replicas)

    def event(self, _subject: str, reason: str, _message: str, _kind: str) -> None:
        self.events.append(reason)


async def test_the_loop_moves_once_what_has_to_move() -> None:
    runtime = Runtime(MEMORY, Usage(memory=300))
    with pytest.raises(InterruptedError):
        await keep_scaling(runtime)  # type: ignore[arg-type]
    assert runtime.moves[0] == 3
    assert runtime.events == []


async def test_an_unknown_metric_is_one_event_and_no_move() -> None:
    runtime = Runtime(CPU, Usage(memory=300))
    with pytest.raises(InterruptedError):
        await keep_scaling(runtime)  # type: ignore[arg-type]
    assert (runtime.moves, runtime.events) == ([], ["FailedGetResourceMetric"])


async def test_a_state_that_cannot_be_written_does_not_end_the_looking(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runtime = Runtime(MEMORY, Usage(memory=300), fails=2)
    with pytest.raises(InterruptedError):
        await keep_scaling(runtime)  # type: ignore[arg-type]
    assert runtime.moves == [3]
    assert "the disk is full" in capsys.readouterr().err
