"""A variable has a value that no process can be given.

A zero byte ends a variable: the rest would be lost without a word. The message names the variable; correct
the value, or mount it as a file.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "VariableInvalid"
ENDS = Ends.AT_ONCE
ADVICE = "Correct the value, or mount it as a file."


def find(subject: Subject) -> Cause | None:
    """Find a replica one of whose variables cannot be handed on."""
    return subject.from_problem(CODE, ADVICE, "env")
