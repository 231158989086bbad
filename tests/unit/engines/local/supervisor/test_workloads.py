"""A workload's rollout with a clock of its own: availability, progress, a restart within its budget."""

from types import SimpleNamespace as Thing
from typing import Any

from flaskship.engines.local.spec import Container, Deployment, PodTemplate, Recreate, RollingUpdate
from flaskship.engines.local.supervisor.workloads import Workload
from flaskship.rollout.budget import Allowance

TEMPLATE = PodTemplate("hash", (Container("web", "web:1"),))


def workload(desired: int = 2, *budgets: Allowance, **spec: Any) -> Workload:
    return Workload(Deployment("web", "web", TEMPLATE, **spec), "new", desired, paused=False, budgets=budgets)


def replica(
    uid: str, template: str = "new", *, ready_at: float | None = 0.0, terminating: bool = False
) -> Any:
    return Thing(
        uid=uid,
        ready=ready_at is not None and not terminating,
        ready_at=ready_at,
        terminating=terminating,
        containers={},
        record=Thing(template=template, created_at=0.0),
    )


def test_a_replica_is_available_after_min_ready_seconds_without_a_break() -> None:
    one = workload(min_ready=10)
    young = replica("a", ready_at=100.0)
    assert not one.available(young, 109.9)
    assert one.available_in(young, 104.0) == 6.0
    assert one.available(young, 110.0)
    assert not one.available(replica("b", ready_at=None), 500.0)


def test_progress_is_every_step_forward_and_no_step_back() -> None:
    one = workload()
    old = [replica("o1", "old"), replica("o2", "old")]
    one.note_progress(old, 10.0)
    assert (one.progress.since, one.progress.at) == (10.0, 10.0)
    one.note_progress([*old, replica("n1", ready_at=None)], 20.0)
    assert one.progress.at == 20.0
    one.note_progress([*old, replica("n1", ready_at=None)], 30.0)
    assert one.progress.at == 20.0
    one.note_progress([*old, replica("n1")], 40.0)
    assert one.progress.at == 40.0
    one.note_progress([*old, replica("n1", ready_at=None)], 50.0)
    assert one.progress.at == 40.0
    one.note_progress([old[0], replica("n1", ready_at=None)], 60.0)
    assert one.progress.at == 60.0
    assert one.progress.since == 10.0


def test_what_was_complete_and_lost_a_replica_has_its_whole_deadline_again() -> None:
    one = workload()
    one.note_progress([replica("a"), replica("b")], 10.0)
    assert one.progress.complete
    one.note_progress([replica("a")], 900.0)
    assert (one.progress.complete, one.progress.at) == (False, 900.0)


def test_another_template_begins_its_progress_anew() -> None:
    one = workload()
    one.note_progress([replica("a"), replica("b")], 10.0)
    one.template = "newer"
    one.note_progress([replica("a"), replica("b")], 70.0)
    assert (one.progress.template, one.progress.since) == ("newer", 70.0)


def test_a_restart_takes_no_more_than_its_budget_allows() -> None:
    old = [replica(name, "old") for name in "abc"]
    strategy = RollingUpdate(0, "100%")
    assert len(workload(3, strategy=strategy).next_step(old, 50.0).retire) == 3
    kept = workload(3, Allowance(max_unavailable=1), strategy=strategy)
    assert len(kept.next_step(old, 50.0).retire) == 1
    none = workload(3, Allowance(min_available="100%"), strategy=strategy)
    step = none.next_step(old, 50.0)
    assert (step.start, step.retire) == (1, ())


def test_recreate_waits_for_the_last_old_replica() -> None:
    one = workload(1, strategy=Recreate())
    ending = replica("a", "old", terminating=True)
    assert one.next_step([ending], 50.0).idle
    assert one.next_step([], 50.0).start == 1
