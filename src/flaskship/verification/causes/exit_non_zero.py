"""The process ended by itself with an error.

The message has the exit code or the signal in words; the evidence is the last lines that it wrote. Codes
above 128 are a signal (code - 128) that a shell reported.
"""

from flaskship.model.exit import describe_exit
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ExitNonZero"
ENDS = Ends.AT_SECOND


def find(subject: Subject) -> Cause | None:
    """Find any failed exit with a known status."""
    exit = subject.own_exit
    if exit is None or exit.code == 0 or (exit.code is None and exit.signal is None):
        return None
    count = len(subject.failed_exits)
    times = f", {count} times so far" if count > 1 else ""
    wrote = "Its last lines say why." if exit.last_lines else "It wrote nothing: run the command by hand."
    message = f"{exit.container} ended: {describe_exit(exit)}{times}. {wrote}"
    return subject.cause(CODE, message, tail(exit.last_lines), "command")
