"""The process ended, but nobody could collect its exit status.

The process that watches over it died before. What is unknown is not taken for success: it is started again,
an initContainer (a migration among them) as well, which has to stand being repeated.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ExitUnknown"
ENDS = Ends.AT_SECOND


def find(subject: Subject) -> Cause | None:
    """Find a failed exit without code and signal."""
    exit = subject.exit
    if exit is None or not exit.unknown or (subject.is_job and not exit.init):
        return None
    message = (
        f"{exit.container} ended with an unknown status: what watched over it had died. See its last lines."
    )
    return subject.cause(CODE, message, tail(exit.last_lines))
