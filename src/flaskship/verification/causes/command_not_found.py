"""The command is not in the image.

The process ended with 127, which says that a program was not found, or it could not be started because its
file does not exist. Correct `command` (or `args`) in the values, or add the program to the image.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "CommandNotFound"
ENDS = Ends.AT_ONCE
ADVICE = "Correct the command, or add the program to the image."


def find(subject: Subject) -> Cause | None:
    """Find an exit of 127, or a start that failed for want of the file."""
    exit = subject.last_exit
    if exit is None or exit.code != 127:
        return subject.from_problem(CODE, ADVICE, "command")
    message = f"{exit.container} ended with 127: a command was not found. {ADVICE}"
    return subject.cause(CODE, message, tail(exit.last_lines), "command")
