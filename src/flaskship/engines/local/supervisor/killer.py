"""Who ended a process, of what is known when it has ended."""

import signal

from flaskship.engines.local.processes.limits import Usage
from flaskship.engines.local.spawner.records import Ending
from flaskship.model.snapshot import KilledBy

SHELL_SAYS_KILLED = 128 + signal.SIGKILL


def killer(ending: Ending, known: KilledBy | None, usage: Usage | None) -> KilledBy | None:
    """Return who ended the process: who is known to have, else the limit that counted it, else somebody."""
    if known is not None:
        return known
    # A shell ends with 137 when the limit has taken its child and not the shell itself.
    killed = ending.signal == signal.SIGKILL or ending.exit_code == SHELL_SAYS_KILLED
    if killed and usage is not None and usage.oom_kills:
        return KilledBy.MEMORY_LIMIT
    return KilledBy.OUTSIDE if ending.signal is not None else None
