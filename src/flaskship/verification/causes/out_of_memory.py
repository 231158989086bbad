"""The replica used more memory than its limit and was killed.

The message has the limit and, where it could be measured, the peak. Raise `resources.limits.memory`, start
fewer workers or threads, or find what holds the memory.
"""

from flaskship.model.snapshot import KilledBy
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import size, tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "OutOfMemory"
ENDS = Ends.AT_SECOND
KILLERS = frozenset({KilledBy.MEMORY_LIMIT, KilledBy.WATCHDOG})


def find(subject: Subject) -> Cause | None:
    """Find a failed exit that the memory limit or its watchdog brought about."""
    exit = subject.exit
    if exit is None or exit.killed_by not in KILLERS:
        return None
    limit = f" of {size(exit.memory_limit)}" if exit.memory_limit is not None else ""
    peak = f" (peak {size(exit.memory_peak)})" if exit.memory_peak is not None else ""
    message = (
        f"{exit.container} used more than its memory limit{limit}{peak} and was killed by the "
        f"{exit.killed_by}. Raise resources.limits.memory, or let it use less."
    )
    return subject.cause(CODE, message, tail(exit.last_lines), "resources.limits.memory")
