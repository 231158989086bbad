"""How often a probe has failed in a row, as far as a kubelet's events can say: at least so often.

Events are counted together by their words: one may begin in an earlier run of the container, have successes
in between that no event tells, or lack what the kubelet's own limit on events swallowed. While a pod is not
ready its readiness is also asked out of turn. A count that ends a rollout is therefore the lowest that fits.
"""

import re
from collections.abc import Sequence

from flaskship.engines.kubernetes.observing.pods import Probe
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.model.frozen import dataclass

_SAID = re.compile(r"(Startup|Readiness|Liveness) probe (failed|errored)[^:]*: ?(.*)", re.DOTALL)
_STATUS = re.compile(r"HTTP probe failed with statuscode: (\d+)")


@dataclass(frozen=True, slots=True)
class Told:
    """One event about a failing probe; one that only could not be carried out counts for nothing."""

    event: Event
    kind: str
    words: str
    status: int | None
    failed: bool

    @property
    def order(self) -> tuple[float, float]:
        """Return what the latest is told by: of two in one second, the one whose words are newer."""
        return self.event.at, self.event.first_at


@dataclass(frozen=True, slots=True)
class Row:
    """Failures in a row, and how many of them, the last ones, were answered with the latest status."""

    count: int
    alike: int


def told(event: Event) -> Told | None:
    """Return what an event says of a probe; None where it says nothing of one."""
    said = _SAID.match(event.message)
    if said is None:
        return None
    status = _STATUS.match(said[3].strip())
    return Told(event, said[1].lower(), said[3], int(status[1]) if status else None, said[2] == "failed")


def row(events: Sequence[Told], since: float, probe: Probe) -> Row:
    """Return the row that the latest of these ends, of the run that began then."""
    failed = [one for one in events if one.failed]
    if not failed:
        return Row(0, 0)
    latest = max(failed, key=lambda one: one.order)
    alike = [one for one in failed if one.status == latest.status]
    others = [one for one in failed if one.status != latest.status]
    begun = min(_first(one, since) for one in alike)
    other = max((one.event.at for one in others), default=begun)
    count = _fits(failed, since, probe, latest.event.at - min(_first(one, since) for one in failed))
    same = _fits(alike, since, probe, latest.event.at - begun)
    if other > begun:
        # In between it was answered otherwise: since then alone they are in a row.
        same = min(same, max(1, int((latest.event.at - other) / max(1, probe.period_seconds))))
    return Row(count, min(count, same))


def _fits(events: Sequence[Told], since: float, probe: Probe, lasted: float) -> int:
    """Return how many failures these are at least, in a row and at the probe's own instants."""
    count = sum(one.event.times if one.event.first_at >= since else 1 for one in events)
    period = max(1, probe.period_seconds)
    holes = lasted > count * (period + probe.timeout_seconds)
    if holes or probe.success_threshold > 1:
        return 1
    return min(count, int(lasted / period) + 1)


def _first(one: Told, since: float) -> float:
    return one.event.first_at if one.event.first_at >= since else one.event.at
