"""The process ended with 0, although it is to serve.

A workload's process runs until it is told to stop. One that returns at once has usually done something else
than serve (a command such as `--help`), or left a server in the background. Correct `command` in the values;
work that has an end belongs into a Job.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ProcessEnded"
ENDS = Ends.AT_SECOND


def find(subject: Subject) -> Cause | None:
    """Find an exit of 0 that nobody asked for."""
    exit = subject.own_exit
    if exit is None or exit.code != 0:
        return None
    message = (
        f"{exit.container} ended with 0, but it is to serve until it is stopped. "
        "Correct the command; work that has an end belongs into a Job."
    )
    return subject.cause(CODE, message, tail(exit.last_lines), "command")
