"""CrashLoopBackOff: how long a crashed container waits for its next start.

The kubelet's rule, from doBackOff (pkg/kubelet/kuberuntime) over flowcontrol.Backoff (client-go): the first
restart comes at once; it opens an entry of 10 s. Each later crash waits the entry's delay from the moment the
container ended, and the restart doubles the entry up to 300 s. A container that ends more than twice the
maximum (10 minutes) after its last restart starts over, as if it had never crashed.
"""

from collections.abc import Sequence

from flaskship.model.frozen import dataclass

INITIAL = 10.0
MAXIMUM = 300.0
FORGIVEN_AFTER = 2 * MAXIMUM


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a container, in seconds of one clock."""

    started_at: float
    ended_at: float


def next_delay(runs: Sequence[Run]) -> float:
    """Return the seconds from the end of the last of these runs (oldest first) to the next start."""
    delay = 0.0
    for index, run in enumerate(runs):
        if index == 0 or run.ended_at - run.started_at > FORGIVEN_AFTER:
            delay = 0.0
        elif delay == 0.0:
            delay = INITIAL
        else:
            delay = min(delay * 2, MAXIMUM)
    return delay


def restart_due(runs: Sequence[Run]) -> float:
    """Return the instant of the next start after these runs; there is at least one."""
    return runs[-1].ended_at + next_delay(runs)
