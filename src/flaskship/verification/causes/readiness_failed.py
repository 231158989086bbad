"""The readiness probe does not succeed, so the replica gets no traffic.

The evidence is the probe's last request and what came back: the body of a 503 usually names the dependency
that is missing. Bring that dependency back, or correct the probe's path or port.
Definite is an answer that waiting does not change, as many times in a row as the threshold says: a 4xx but
408, 409, 423, 424, 425 and 429, and 501 and 505. Any other answer, and none, ends a rollout at the threshold
where the container has a startup probe, which says that it has started; what needs longer after that than
`failureThreshold * periodSeconds` gets a higher `probes.readiness.failureThreshold`. Without a startup probe
it may still be starting, and gets until the progress deadline.
"""

from flaskship.model.snapshot import ProbeFailure, ReplicaPhase
from flaskship.model.verdict import Cause
from flaskship.verification.definite import is_definite
from flaskship.verification.evidence import asked_and_answered, first_line, tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ReadinessFailed"
ENDS = Ends.AT_ITS_THRESHOLD
SERVING = frozenset({ReplicaPhase.STARTING, ReplicaPhase.RUNNING, ReplicaPhase.READY})


def find(subject: Subject) -> Cause | None:
    """Find a running replica whose readiness probe is at its threshold, or failing at the deadline."""
    probe = subject.probe("readiness")
    if probe is None or subject.replica.phase not in SERVING or subject.exit is not None:
        return None
    if probe.consecutive < probe.threshold and not subject.overdue:
        return None
    lost = "was ready and is no longer" if subject.replica.was_ready else "never became ready"
    advice = "See what the answer names, or correct the readiness probe"
    if may_be_slow(subject):
        advice += f"; if it needs longer once it has started, raise its failureThreshold ({probe.threshold})"
    message = f"The replica {lost}: {probe.request} answered {first_line(probe.answer)}. {advice}."
    evidence = asked_and_answered(probe) + tail(subject.replica.last_lines, 5)
    return subject.cause(CODE, message, evidence, "probes.readiness")


def is_wrong(subject: Subject) -> bool:
    """Tell whether a replica that was never ready will not be: definite answers came up to the threshold."""
    probe = _unready(subject)
    return probe is not None and is_definite(probe.status) and probe.alike >= probe.threshold


def may_be_slow(subject: Subject, settled_at: float = 0.0) -> bool:
    """Tell whether it has started by its own word, was never ready, and failed to the threshold since then.

    settled_at: when the last of what it may depend on came up.
    """
    probe = _unready(subject)
    if probe is None or not probe.after_startup or probe.consecutive < probe.threshold or is_wrong(subject):
        return False
    return probe.at - settled_at >= (probe.threshold - 1) * probe.period


def _unready(subject: Subject) -> ProbeFailure | None:
    replica = subject.replica
    if subject.is_job or replica.was_ready or replica.phase not in SERVING or subject.exit is not None:
        return None
    return subject.failing_now("readiness")
