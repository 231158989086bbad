import pytest

from flaskship.engines.local.backoff import Run, next_delay, restart_due

TEN_MINUTES = 600.0


def crash_loop(count: int, lasting: float = 1.0) -> list[Run]:
    """Runs that end after `lasting` seconds and restart exactly when they are due."""
    runs: list[Run] = []
    now = 1000.0
    for _ in range(count):
        runs.append(Run(now, now + lasting))
        now = restart_due(runs)
    return runs


def test_a_container_that_never_ended_waits_for_nothing():
    assert next_delay([]) == 0.0


def test_the_first_restart_is_immediate():
    assert next_delay(crash_loop(1)) == 0.0


@pytest.mark.parametrize(
    ("crashes", "delay"),
    [(2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (8, 300), (50, 300)],
)
def test_later_restarts_double_up_to_five_minutes(crashes, delay):
    assert next_delay(crash_loop(crashes)) == delay


def test_the_delay_counts_from_the_end_of_the_last_run():
    runs = [Run(0.0, 5.0), Run(5.0, 9.0)]
    assert restart_due(runs) == 19.0


def test_more_than_ten_minutes_of_running_forgives_everything():
    runs = crash_loop(6)
    start = restart_due(runs)
    runs.append(Run(start, start + TEN_MINUTES + 0.1))
    assert next_delay(runs) == 0.0
    runs.append(Run(runs[-1].ended_at, runs[-1].ended_at + 1))
    assert next_delay(runs) == 10.0


def test_exactly_ten_minutes_forgives_nothing_yet():
    runs = crash_loop(3)
    start = restart_due(runs)
    runs.append(Run(start, start + TEN_MINUTES))
    assert next_delay(runs) == 40.0


def test_a_long_first_run_opens_no_entry_that_it_could_outlive():
    assert next_delay([Run(0.0, 9999.0)]) == 0.0
    assert next_delay([Run(0.0, 9999.0), Run(9999.0, 10000.0)]) == 10.0
