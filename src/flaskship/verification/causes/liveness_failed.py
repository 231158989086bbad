"""The liveness probe failed as often as its threshold allows, so the container was restarted.

The evidence is the probe's last request and what came back. The process may hang, may be too busy to answer
within the probe's timeout, or may still be starting: then it needs a startup probe.
A wrong path shows itself only after Ready: what is healthy is judged again after its tests. Where it is
answered what waiting does not change (404, 403, 405 ..., as of a readiness probe), or where a test failed
beside it, a deploy ends at its first failure, and what is left until the restart is for the way back.
"""

from flaskship.model.snapshot import KilledBy, ProbeFailure
from flaskship.model.verdict import Cause
from flaskship.verification.definite import is_definite
from flaskship.verification.evidence import asked_and_answered, first_line
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "LivenessFailed"
ENDS = Ends.AT_THRESHOLD


def find(subject: Subject) -> Cause | None:
    """Find a liveness probe at its threshold, or an exit that it brought about."""
    probe, exit = subject.probe("liveness"), subject.last_exit
    reached = probe is not None and probe.consecutive >= probe.threshold
    if not reached and (exit is None or exit.killed_by is not KilledBy.LIVENESS):
        return None
    return cause_of(subject)


def cause_of(subject: Subject) -> Cause:
    """Return the cause of a replica whose liveness probe is known to have failed for good."""
    probe = subject.probe("liveness")
    times = f" {probe.consecutive} times in a row" if probe is not None else ""
    said = f"The liveness probe failed{times} and the container was restarted."
    if probe is not None and probe.consecutive < probe.threshold and not _killed(subject):
        times = "once" if probe.consecutive == 1 else f"{probe.consecutive} times in a row"
        said = (
            f"The liveness probe failed {times}: {probe.request} answered {_briefly(probe)}. "
            f"After {probe.threshold} times in a row the container would have been restarted."
        )
    advice = "See why the application does not answer; if it starts slowly, give it a startup probe."
    if probe is not None and is_definite(probe.status):
        advice = "Correct what the probe asks, or what the application answers there."
    return subject.cause(CODE, f"{said} {advice}", asked_and_answered(probe), "probes.liveness")


def _briefly(probe: ProbeFailure) -> str:
    """The status of an answer without its body, which is the evidence."""
    line = first_line(probe.answer)
    return line if probe.status is None else line.partition(": ")[0]


def _killed(subject: Subject) -> bool:
    exit = subject.last_exit
    return exit is not None and exit.killed_by is KilledBy.LIVENESS
