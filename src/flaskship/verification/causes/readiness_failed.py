"""The readiness probe does not succeed, so the replica gets no traffic.

The evidence is the probe's last request and what came back: the body of a 503 usually names the dependency
that is missing. Bring that dependency back, or correct the probe's path or port.
One that never succeeded is judged at the progress deadline, not at its threshold: an application that starts
fails as often. `progressDeadlineSeconds` in the values shortens the wait.
"""

from flaskship.model.snapshot import ReplicaPhase
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import asked_and_answered, tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ReadinessFailed"
ENDS = Ends.AT_THRESHOLD
SERVING = frozenset({ReplicaPhase.STARTING, ReplicaPhase.RUNNING, ReplicaPhase.READY})


def find(subject: Subject) -> Cause | None:
    """Find a running replica whose readiness probe is at its threshold, or failing at the deadline."""
    probe = subject.probe("readiness")
    if probe is None or subject.replica.phase not in SERVING or subject.exit is not None:
        return None
    if probe.consecutive < probe.threshold and not subject.overdue:
        return None
    lost = "was ready and is no longer" if subject.replica.was_ready else "never became ready"
    message = (
        f"The replica {lost}: {probe.request} answered {_first_line(probe.answer)}. "
        "See what the answer names, or correct the readiness probe."
    )
    evidence = asked_and_answered(probe) + tail(subject.replica.last_lines, 5)
    return subject.cause(CODE, message, evidence, "probes.readiness")


def _first_line(answer: str) -> str:
    line = answer.partition("\n")[0]
    return line if len(line) <= 200 else line[:200] + "..."
