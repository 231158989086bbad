"""The replica used more memory than its limit, and it or a process of it was killed.

The message has the limit and, where it could be measured, the peak. Raise `resources.limits.memory`, start
fewer workers or threads, or find what holds the memory. What one start needs the next one needs again:
the first kill is enough.
Where the kernel ends a child alone (control groups of the first version), the container may end with 137 or a
code of its own, or go on and never be ready: the limit is told then, too.
"""

from flaskship.model.exit import describe_exit
from flaskship.model.snapshot import Exit, KilledBy, MemoryKills, ReplicaPhase
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import asked_and_answered, size, tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "OutOfMemory"
ENDS = Ends.AT_FIRST
KILLERS = frozenset({KilledBy.MEMORY_LIMIT, KilledBy.WATCHDOG})
FIELD = "resources.limits.memory"
ADVICE = f"Raise {FIELD}, or let it use less."
TRYING = frozenset({ReplicaPhase.STARTING, ReplicaPhase.RUNNING, ReplicaPhase.READY})


def find(subject: Subject) -> Cause | None:
    """Find a failed exit that the memory limit brought about, or a replica that it keeps from being ready."""
    exit = subject.exit or killed(subject)
    if exit is None:
        return _kept_from_being_ready(subject)
    used = _used(exit.memory_limit, _highest(subject, exit))
    if exit.killed_by in KILLERS:
        message = f"{exit.container} used more than {used} and was killed by the {exit.killed_by}. {ADVICE}"
    elif exit.oom_kills and exit.code != 0 and not exit.after_ready:
        message = (
            f"{exit.container} used more than {used}: {_lost(exit.oom_kills)} killed by the "
            f"{KilledBy.MEMORY_LIMIT}, then it ended: {describe_exit(exit)}. {ADVICE}"
        )
    else:
        return None
    return subject.cause(CODE, message, tail(exit.last_lines), FIELD)


def killed(subject: Subject) -> Exit | None:
    """Return the last failed exit of a replica that is not ready, if somebody attests that memory was why."""
    exit = subject.last_exit
    return exit if exit is not None and exit.killed_by in KILLERS else None


def _kept_from_being_ready(subject: Subject) -> Cause | None:
    lost, probe = subject.replica.memory_kills, subject.probe("readiness")
    if lost is None or probe is None or subject.replica.phase not in TRYING:
        return None
    if probe.consecutive < probe.threshold and not subject.overdue:
        return None
    message = (
        f"{lost.container} used more than {_used(lost.limit, lost.peak)}: {_lost(lost.count)} killed by the "
        f"{KilledBy.MEMORY_LIMIT}, and the replica is not ready. {ADVICE}"
    )
    return subject.cause(CODE, message, _proof(lost, subject), FIELD)


def _proof(lost: MemoryKills, subject: Subject) -> tuple[str, ...]:
    killed = f"{lost.container}: {lost.count} killed at the memory limit"
    return (killed, *asked_and_answered(subject.probe("readiness")), *tail(subject.replica.last_lines, 5))


def _highest(subject: Subject, exit: Exit) -> int | None:
    """Return the most that the container used in any start that memory ended: the last may be a small one."""
    alike = (one for one in subject.failed_exits if one.container == exit.container)
    peaks = [one.memory_peak for one in alike if one.killed_by in KILLERS or one.oom_kills]
    return max((peak for peak in peaks if peak is not None), default=None)


def _used(limit: int | None, peak: int | None) -> str:
    of = f" of {size(limit)}" if limit is not None else ""
    return f"its memory limit{of}" + (f" (peak {size(peak)})" if peak is not None else "")


def _lost(count: int) -> str:
    return "a process of it was" if count == 1 else f"{count} processes of it were"
