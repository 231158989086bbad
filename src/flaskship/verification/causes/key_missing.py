"""A ConfigMap or Secret lacks a key that the application needs.

The message names the object and the key. Add the key, correct its name, or mark the reference optional.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "KeyMissing"
ENDS = Ends.AT_ONCE
ADVICE = "Add the key, correct its name, or mark the reference optional."


def find(subject: Subject) -> Cause | None:
    """Find a replica that needs a key that is not there."""
    return subject.from_problem(CODE, ADVICE, "env")
