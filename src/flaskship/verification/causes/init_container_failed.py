"""An initContainer failed, so the application cannot start.

The message names the initContainer and how it ended; the evidence is its traceback or its last lines.
"""

from flaskship.model.exit import describe_exit
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import traceback_or_tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "InitContainerFailed"
ENDS = Ends.AT_ONCE


def find(subject: Subject) -> Cause | None:
    """Find a failed exit of an initContainer."""
    exit = subject.last_exit
    if exit is None or exit.unknown or not exit.init:
        return None
    message = (
        f"The initContainer {exit.container} failed: {describe_exit(exit)}. "
        "The application starts only after it ended with 0: correct what its output names."
    )
    return subject.cause(CODE, message, traceback_or_tail(exit.last_lines), "initContainers")
