from flaskship.rollout.recreate import next_step
from flaskship.rollout.view import ReplicaView, RolloutView


def one(uid: str, **more) -> ReplicaView:
    return ReplicaView(uid, ready=True, available=True, created_at=0.0, **more)


def test_old_replicas_go_before_any_new_one_starts():
    step = next_step(RolloutView(2, 0, 0, old=(one("a"), one("b"))))
    assert step.start == 0
    assert sorted(step.retire) == ["a", "b"]


def test_an_old_replica_that_still_terminates_holds_the_new_ones_back():
    assert next_step(RolloutView(2, 0, 0, old=(one("a", terminating=True),))).idle


def test_new_ones_start_together_when_nothing_old_is_left():
    assert next_step(RolloutView(2, 0, 0)).start == 2


def test_surplus_goes_when_scaled_down():
    step = next_step(RolloutView(1, 0, 0, new=(one("a"), one("b"))))
    assert (step.start, step.retire) == (0, ("a",))


def test_paused_keeps_the_old_ones():
    assert next_step(RolloutView(1, 0, 0, old=(one("a"),), paused=True)).idle
