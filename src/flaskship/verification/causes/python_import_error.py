"""Python could not load the application: a module is missing, or a file has a syntax error.

It will never come up by trying again. For a missing module, add it to the requirements of the image or
correct the module's name in `command`; for a syntax error, correct the file that the evidence names.
"""

import re
from pathlib import PurePosixPath

from flaskship.model.snapshot import Exit
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.initializing import of_exit
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject
from flaskship.verification.traceback import isolate_traceback, raised

CODE = "PythonImportError"
ENDS = Ends.AT_ONCE
SYNTAX = frozenset({"SyntaxError", "IndentationError", "TabError"})
IMPORT = frozenset({"ModuleNotFoundError", "ImportError"})
# What `python -m missing` and gunicorn say; they raise nothing.
_NO_MODULE = re.compile(r"^\S*python[\d.]*: (No module named .*)")
_PLACE = re.compile(r'^\s*File "(.+)", line (\d+)')
_NO_ATTRIBUTE = re.compile(r"^(Failed to (?:find attribute|parse) .*)")


def find(subject: Subject) -> Cause | None:
    """Find a failed exit whose last traceback is of an import or of the parser."""
    exit = subject.last_exit
    if exit is None:
        return None
    traceback = isolate_traceback(exit.last_lines)
    error = raised(traceback)
    if error is not None and error[0] in SYNTAX:
        message = f"Python cannot read {_read_last(traceback)}: {error[0]}: {error[1]}. Correct it there."
        return of_exit(exit, subject.cause(CODE, message, traceback, "image"))
    if error is not None and error[0] in IMPORT:
        return of_exit(exit, subject.cause(CODE, _import_message(error[1] or error[0]), traceback, "image"))
    return _without_traceback(subject, exit)


def _read_last(traceback: tuple[str, ...]) -> str:
    """Return the file and line that the traceback ends at, as the application's sources have them."""
    places = [found for line in traceback if (found := _PLACE.match(line))]
    return f"{PurePosixPath(places[-1][1]).name}, line {places[-1][2]}" if places else "the application"


def _without_traceback(subject: Subject, exit: Exit) -> Cause | None:
    for line in reversed(exit.last_lines):
        if found := _NO_MODULE.match(line) or _NO_ATTRIBUTE.match(line):
            return of_exit(exit, subject.cause(CODE, _import_message(found[1]), tail((line,)), "command"))
    return None


def _import_message(what: str) -> str:
    return (
        f"Python cannot import the application: {what.rstrip('.')}. "
        "Add what is missing to the image's requirements, or correct the module's name in the command."
    )
