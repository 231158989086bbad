"""The replica could not make a further process or thread, or had more of them than it may.

The message says whose limit it was: the replica's own, or one of the machine (`ulimit -u`, or `pids.max` of a
control group around Flaskship). Start fewer workers or threads, or end those that are done.
"""

import re

from flaskship.model.snapshot import KilledBy
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.initializing import of_exit
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "TooManyProcesses"
ENDS = Ends.AT_SECOND
REFUSED = re.compile(r"can't start new thread|Resource temporarily unavailable|pthread_create failed")
FORKING = re.compile(r"fork(\(|_exec|:)|can't start new thread|pthread_create")
ADVICE = "Start fewer workers or threads, or end those that are done."


def find(subject: Subject) -> Cause | None:
    """Find a failed exit whose last lines say that a fork was refused, or that was ended for its number."""
    exit = subject.exit
    if exit is None:
        return None
    limit = f"its limit of {exit.process_limit}" if exit.process_limit is not None else "its limit"
    if exit.killed_by is KilledBy.PROCESS_WATCHDOG:
        said = f"{exit.container} had more processes than {limit} and was killed by the {exit.killed_by}"
        return of_exit(exit, subject.cause(CODE, f"{said}. {ADVICE}", tail(exit.last_lines), "command"))
    refused = [line for line in exit.last_lines if REFUSED.search(line)]
    if not refused or not (exit.forks_refused or any(map(FORKING.search, exit.last_lines))):
        return None
    whose = (
        limit if exit.forks_refused else "a limit of this machine (ulimit -u, or pids.max of a group around)"
    )
    said = f"{exit.container} could not make a further process or thread: {whose} on both together is reached"
    return of_exit(exit, subject.cause(CODE, f"{said}. {ADVICE}", tail(exit.last_lines), "command"))
