"""The command is not in the image.

The process ended with 127, which says that a program was not found, or it could not be started because its
file does not exist. The message names it, as the shell or the engine told it; where nothing was told, it
names what was started and had to find it. Correct `command` (or `args`) in the values, or add the program to
the image.
"""

from flaskship.model.snapshot import Exit
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.initializing import of_exit
from flaskship.verification.missing_command import missing_command
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
    message = f"{exit.container} ended with 127: {_what(exit)}. {ADVICE}"
    return of_exit(exit, subject.cause(CODE, message, tail(exit.last_lines), "command"))


def _what(exit: Exit) -> str:
    if (name := missing_command(exit.last_lines)) is not None:
        return f"the command {name!r} was not found"
    if exit.program:
        return f"{exit.program!r} was started and did not find a command, and wrote no name of it"
    return "a command was not found, and nothing names it"
