import threading
import time

from app_support import wait_until

from tomorrows.deadline import Watch


def test_a_block_that_ends_in_time_is_not_cut():
    cut = threading.Event()
    with Watch().cut_after(0.2, cut.set) as deadline:
        pass
    assert not cut.wait(0.4)
    assert not deadline.late


def test_a_late_block_is_cut_once():
    cuts = []
    with Watch().cut_after(0.05, lambda: cuts.append(time.monotonic())) as deadline:
        wait_until(lambda: deadline.late, 5)
        time.sleep(0.1)
    assert len(cuts) == 1


def test_deadlines_do_not_disturb_each_other():
    watch, cuts = Watch(), []
    with (
        watch.cut_after(5, lambda: cuts.append("long")) as long,
        watch.cut_after(0.05, lambda: cuts.append("short")),
    ):
        wait_until(lambda: cuts, 5)
    assert cuts == ["short"]
    assert not long.late


def test_a_cut_that_fails_does_not_end_the_watch():
    watch, cut = Watch(), threading.Event()

    def broken():
        raise OSError("already closed")

    with watch.cut_after(0.01, broken) as first:
        wait_until(lambda: first.late, 5)
    with watch.cut_after(0.01, cut.set):
        assert cut.wait(5)
