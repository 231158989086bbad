"""The command exists, but cannot be executed.

The process ended with 126, or its file could not be started: it has no execute permission, its first line
names an interpreter that is not there, or it is a folder. Make the file executable in the image, or correct
`command` in the values.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.initializing import of_exit
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "NotExecutable"
ENDS = Ends.AT_ONCE
ADVICE = "Make the file executable in the image, or correct the command."


def find(subject: Subject) -> Cause | None:
    """Find an exit of 126, or a start that the system refused."""
    exit = subject.last_exit
    if exit is None or exit.code != 126:
        return subject.from_problem(CODE, ADVICE, "command")
    message = f"{exit.container} ended with 126: its command was found but cannot be executed. {ADVICE}"
    return of_exit(exit, subject.cause(CODE, message, tail(exit.last_lines), "command"))
