"""The startup probe did not succeed in time, so the container was restarted.

A container has failureThreshold * periodSeconds to start. The evidence is the probe's last request and what
came back, and the application's last lines. Correct the probe's path or port, or give it more time.
"""

from flaskship.model.snapshot import KilledBy
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import asked_and_answered, tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "StartupFailed"
ENDS = Ends.AT_SECOND


def find(subject: Subject) -> Cause | None:
    """Find a startup probe at its threshold, or an exit that it brought about."""
    probe, exit = subject.probe("startup"), subject.last_exit
    reached = probe is not None and probe.consecutive >= probe.threshold
    if not reached and (exit is None or exit.killed_by is not KilledBy.STARTUP):
        return None
    times = f" after {probe.consecutive} attempts" if probe is not None else ""
    message = (
        f"The application did not start in time{times}. "
        "Correct the startup probe's path or port, or give it a higher failureThreshold."
    )
    lines = exit.last_lines if exit is not None else subject.replica.last_lines
    evidence = asked_and_answered(probe) + tail(lines)
    return subject.cause(CODE, message, evidence, "probes.startup")
