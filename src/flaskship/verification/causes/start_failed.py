"""The process could not be started.

The message has the system's reason: no memory, too many processes, a working folder that is missing.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "StartFailed"
ENDS = Ends.AT_ONCE
ADVICE = "Its command and working folder come from the values, else from the image."


def find(subject: Subject) -> Cause | None:
    """Find any problem that no other rule knows."""
    problem = subject.replica.problem
    if problem is None:
        return None
    message = f"{problem.message.rstrip('. ')}. {ADVICE}"
    return subject.cause(CODE, message, problem.evidence, problem.field or "command")
