"""The Deployment controller's arithmetic, case by case, and as properties of a simulated world."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.rollout.rolling_update import bounds, next_step
from flaskship.rollout.view import ReplicaView, RolloutView


def replicas(prefix: str, count: int, *, available: bool = True, at: float = 0.0, **more) -> tuple:
    return tuple(
        ReplicaView(f"{prefix}{n}", ready=available, available=available, created_at=at + n, **more)
        for n in range(count)
    )


def view(desired, surge="25%", unavailable="25%", new=(), old=(), paused=False):
    return RolloutView(desired, surge, unavailable, tuple(new), tuple(old), paused)


@pytest.mark.parametrize(
    ("desired", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", (1, 1)),
        (10, "25%", "25%", (3, 2)),
        (1, "25%", "25%", (1, 0)),
        (3, "50%", "50%", (2, 1)),
        (10, "29%", "29%", (3, 2)),
        (100, "29%", "29%", (29, 29)),
        (3, 0, 0, (0, 1)),
        (3, "0%", "0%", (0, 1)),
        (3, 0, "25%", (0, 1)),
        (2, 5, 5, (5, 2)),
        (0, "25%", "25%", (0, 0)),
        (5, "100%", "100%", (5, 5)),
        (2, "1", "0", (1, 0)),
    ],
)
def test_surge_rounds_up_and_unavailable_down(desired, surge, unavailable, expected):
    assert bounds(view(desired, surge, unavailable)) == expected


def test_a_first_rollout_starts_everything():
    assert next_step(view(3)).start == 3


def test_one_replica_is_replaced_without_a_gap():
    old = replicas("old", 1)
    first = next_step(view(1, old=old))
    assert (first.start, first.retire) == (1, ())
    starting = replicas("new", 1, available=False)
    assert next_step(view(1, new=starting, old=old)).idle
    done = next_step(view(1, new=replicas("new", 1), old=old))
    assert (done.start, done.retire) == (0, ("old0",))


def test_both_bounds_move_in_one_step():
    step = next_step(view(10, old=replicas("old", 10)))
    assert (step.start, len(step.retire)) == (3, 2)


def test_unhealthy_old_replicas_go_first_then_the_youngest():
    sick = replicas("sick", 1, available=False)
    old = replicas("old", 3)
    step = next_step(view(4, 0, 2, old=old + sick))
    assert step.retire == ("sick0", "old2")


def test_crashing_old_replicas_go_before_those_not_ready():
    old = (
        ReplicaView("starting", False, False, 2.0),
        ReplicaView("crashing", False, False, 1.0, crashing=True),
        ReplicaView("fine", True, True, 0.0),
    )
    assert next_step(view(3, 0, 1, old=old)).retire == ("crashing",)


def test_all_old_ones_crashing_make_room_for_the_cure():
    old = replicas("old", 3, available=False, crashing=True)
    step = next_step(view(3, 0, 1, old=old))
    assert len(step.retire) == 1
    left = tuple(one for one in old if one.uid not in step.retire)
    assert next_step(view(3, 0, 1, old=left)).start == 1


def test_a_failing_new_template_never_takes_the_healthy_old_ones():
    new = replicas("new", 2, available=False, crashing=True)
    old = replicas("old", 3)
    assert next_step(view(4, 1, 1, new=new, old=old)).idle


def test_while_a_new_one_starts_in_the_gap_no_sick_old_one_widens_it():
    new = replicas("new", 1, available=False)
    old = replicas("old", 2) + replicas("sick", 1, available=False)
    assert next_step(view(4, 0, 1, new=new, old=old)).idle


def test_terminating_replicas_do_not_count():
    ending = replicas("ending", 3, terminating=True)
    step = next_step(view(1, old=ending))
    assert (step.start, step.retire) == (1, ())


def test_surplus_new_ones_go_when_scaled_down_the_unready_then_the_youngest():
    new = replicas("new", 4) + replicas("sick", 1, available=False)
    step = next_step(view(3, new=new))
    assert (step.start, step.retire) == (0, ("sick0", "new3"))


def test_scaled_to_none_everything_goes():
    step = next_step(view(0, new=replicas("new", 2), old=replicas("old", 2)))
    assert (step.start, len(step.retire)) == (0, 4)


def test_going_back_mid_roll_uses_the_replicas_that_still_run():
    first = replicas("first", 2)
    second = replicas("second", 2)
    step = next_step(view(3, 1, 0, new=first, old=second))
    assert step.start == 0
    assert step.retire == ("second1",)


def test_minimum_ready_time_holds_the_old_ones():
    new = (ReplicaView("new0", ready=True, available=False, created_at=9.0),)
    assert next_step(view(1, new=new, old=replicas("old", 1))).idle


def test_paused_moves_nothing_but_scales_what_runs():
    old = replicas("old", 2)
    assert next_step(view(2, old=old, paused=True)).idle
    grown = next_step(view(4, old=old, paused=True))
    assert (grown.start, grown.start_old, grown.retire) == (0, 2, ())
    shrunk = next_step(view(1, old=old, paused=True))
    assert (shrunk.start, shrunk.retire) == (0, ("old1",))
    mixed = next_step(view(3, 1, 0, new=replicas("new", 2), old=old, paused=True))
    assert mixed.idle
    assert len(next_step(view(0, new=replicas("new", 2), old=old, paused=True)).retire) == 4


def test_paused_before_anything_ran_still_starts_the_newest():
    assert next_step(view(2, paused=True)).start == 2


@dataclass
class World:
    """Replicas that come up, crash and end by chance, under one strategy."""

    desired: int
    surge: int | str
    unavailable: int | str
    new: list[ReplicaView] = field(default_factory=list)
    old: list[ReplicaView] = field(default_factory=list)
    born: int = 0

    def view(self) -> RolloutView:
        return view(self.desired, self.surge, self.unavailable, self.new, self.old)

    def counting(self) -> list[ReplicaView]:
        return [one for one in self.new + self.old if not one.terminating]

    def available(self) -> int:
        return sum(one.available for one in self.counting())

    def act(self) -> bool:
        step = next_step(self.view())
        before, standing = self.available(), len(self.counting())
        for side in (self.new, self.old):
            side[:] = [replace(one, terminating=True) if one.uid in step.retire else one for one in side]
        for _ in range(step.start):
            self.born += 1
            self.new.append(ReplicaView(f"r{self.born}", False, False, float(self.born)))
        surge, unavailable = bounds(self.view())
        if step.start:
            assert len(self.counting()) <= self.desired + surge
        else:
            assert len(self.counting()) <= max(standing, self.desired + surge)
        assert self.available() >= min(before, self.desired - unavailable)
        return not step.idle

    def chance(self, draw) -> None:
        for side in (self.new, self.old):
            for index, one in enumerate(side):
                fate = draw(st.sampled_from(["stay", "stay", "ready", "crash", "gone"]))
                if fate == "ready" and not one.terminating:
                    side[index] = replace(one, ready=True, available=True, crashing=False)
                elif fate == "crash":
                    side[index] = replace(one, ready=False, available=False, crashing=True)
            side[:] = [one for one in side if not (one.terminating and draw(st.booleans()))]

    def done(self) -> bool:
        fresh = [one for one in self.new if not one.terminating]
        return not self.old and len(fresh) == self.desired and all(one.available for one in fresh)


bound = st.one_of(st.integers(0, 4), st.integers(0, 100).map("{}%".format))


@given(st.data(), st.integers(0, 8), bound, bound, st.integers(0, 8))
def test_bounds_hold_through_any_history_and_the_rollout_ends(data, desired, surge, unavailable, running):
    world = World(desired, surge, unavailable, old=list(replicas("old", running)))
    for _ in range(data.draw(st.integers(0, 8))):
        world.act()
        world.chance(data.draw)
        if data.draw(st.integers(0, 4)) == 0:
            world.desired = data.draw(st.integers(0, 8))
        if data.draw(st.integers(0, 6)) == 0:
            world.new, world.old = world.old, world.new
    for _ in range(200):
        if world.done():
            break
        world.act()
        world.new = [replace(one, ready=True, available=True, crashing=False) for one in world.new]
        for side in (world.new, world.old):
            side[:] = [one for one in side if not one.terminating]
    assert world.done()
    assert next_step(world.view()).idle
