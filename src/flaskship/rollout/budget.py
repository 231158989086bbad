"""A PodDisruptionBudget's hold on a voluntary action: how far a restart may go at once.

Kubernetes (pkg/controller/disruption) rounds both percentages up, and counts them from what is desired.
"""

from collections.abc import Iterable

from flaskship.model.frozen import dataclass
from flaskship.rollout.rolling_update import share


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one budget says; at most one of both is set, and without any nothing may be taken away."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None

    def disruptions(self, desired: int) -> int:
        """Return how many replicas may be unavailable at once."""
        if self.max_unavailable is not None:
            return share(self.max_unavailable, desired, up=True)
        if self.min_available is not None:
            return max(0, desired - share(self.min_available, desired, up=True))
        return 0


def within_budget(
    desired: int, surge: int | str, unavailable: int | str, budgets: Iterable[Allowance]
) -> tuple[int, int]:
    """Return (maxSurge, maxUnavailable) in replicas that keep every budget; one surges where none may go."""
    most = share(surge, desired, up=True)
    fewest = min(
        [share(unavailable, desired, up=False), *(budget.disruptions(desired) for budget in budgets)]
    )
    return (most or 1 if fewest == 0 else most), fewest
