"""The application ended with a Python exception.

The message is the exception; the evidence is its traceback, with the exceptions it was chained to. The values
line is that of a change since the last healthy revision: of a variable that the exception speaks of, then of
the image, then of another variable. Where nothing changed it is that of a variable that the exception speaks
of or misses, then of the image.
"""

import re

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject
from flaskship.verification.traceback import isolate_traceback, raised

CODE = "PythonError"
ENDS = Ends.AT_SECOND
# Where os.environ looks a variable up: by source, or as the interpreter has it inside.
_ENVIRON = re.compile(r"""File "(?:<frozen os>|.*[/\\]os\.py)", line \d+, in __getitem__""")
_NAME = re.compile(r"'([A-Za-z_][A-Za-z0-9_]*)'")


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
    return subject.cause(CODE, message, traceback, _missing_variable(traceback, error) or "image")


def _missing_variable(traceback: tuple[str, ...], error: tuple[str, str]) -> str | None:
    name = _NAME.fullmatch(error[1])
    looked_up = any(_ENVIRON.search(line) for line in traceback)
    return f"env.{name[1]}" if error[0] == "KeyError" and name and looked_up else None
