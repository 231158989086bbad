"""A PodDisruptionBudget's arithmetic, and what it leaves of a strategy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.rollout.budget import Allowance, within_budget


@pytest.mark.parametrize(
    ("budget", "desired", "expected"),
    [
        (Allowance(max_unavailable=1), 3, 1),
        (Allowance(max_unavailable="30%"), 5, 2),
        (Allowance(max_unavailable=0), 3, 0),
        (Allowance(min_available=2), 3, 1),
        (Allowance(min_available=5), 3, 0),
        (Allowance(min_available="50%"), 7, 3),
        (Allowance(min_available="100%"), 7, 0),
        (Allowance(), 3, 0),
    ],
)
def test_percentages_are_rounded_up(budget: Allowance, desired: int, expected: int) -> None:
    assert budget.disruptions(desired) == expected


@pytest.mark.parametrize(
    ("surge", "unavailable", "budgets", "expected"),
    [
        (0, 3, [Allowance(max_unavailable=1)], (0, 1)),
        ("25%", "25%", [Allowance(max_unavailable=2)], (1, 1)),
        (0, 3, [Allowance(min_available="100%")], (1, 0)),
        (2, 3, [Allowance(min_available="100%")], (2, 0)),
        (0, 3, [Allowance(max_unavailable=2), Allowance(max_unavailable=1)], (0, 1)),
        (1, 0, [], (1, 0)),
    ],
)
def test_what_a_budget_leaves_of_the_strategy(
    surge: int | str, unavailable: int | str, budgets: list[Allowance], expected: tuple[int, int]
) -> None:
    assert within_budget(4, surge, unavailable, budgets) == expected


@given(st.integers(0, 30), st.integers(0, 5), st.integers(0, 5), st.integers(0, 9), st.integers(0, 100))
def test_a_restart_can_always_move_and_never_takes_more_than_allowed(
    desired: int, surge: int, unavailable: int, most: int, percent: int
) -> None:
    budgets = [Allowance(max_unavailable=most), Allowance(min_available=f"{percent}%")]
    up, down = within_budget(desired, surge, unavailable, budgets)
    assert up + down > 0
    assert all(down <= budget.disruptions(desired) for budget in budgets)
