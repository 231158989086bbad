"""The application ended with a Python exception.

The message is the exception; the evidence is its traceback, with the exceptions it was chained to.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject
from flaskship.verification.traceback import isolate_traceback, raised

CODE = "PythonError"
ENDS = Ends.AT_SECOND


def find(subject: Subject) -> Cause | None:
    """Find a failed exit with a code of its own whose log has a traceback."""
    exit = subject.own_exit
    if exit is None or not exit.code:
        return None
    traceback = isolate_traceback(exit.last_lines)
    error = raised(traceback)
    if error is None:
        return None
    what = ": ".join(part for part in error if part)
    message = f"The application ended with {what} (exit {exit.code}). The traceback shows where."
    return subject.cause(CODE, message, traceback, "image")
