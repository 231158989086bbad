"""A Secret that the application needs does not exist.

The message names the Secret. Let `secrets.provider` make it, create it, correct its name, or mark the
reference optional.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "SecretMissing"
ENDS = Ends.AT_ONCE
ADVICE = "Create it or correct the name (see secrets.provider in the values)."


def find(subject: Subject) -> Cause | None:
    """Find a replica that needs a Secret that is not there."""
    return subject.from_problem(CODE, ADVICE, "envFrom")
