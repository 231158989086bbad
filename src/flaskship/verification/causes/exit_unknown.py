"""The process ended, but nobody could collect its exit status.

The process that watches over it died at the same time. What is unknown is not taken for success.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ExitUnknown"
ENDS = Ends.AT_SECOND


def find(subject: Subject) -> Cause | None:
    """Find a failed exit without code and signal."""
    exit = subject.own_exit
    if exit is None or exit.code is not None or exit.signal is not None:
        return None
    message = (
        f"{exit.container} ended with an unknown status: what watched over it had died. See its last lines."
    )
    return subject.cause(CODE, message, tail(exit.last_lines))
