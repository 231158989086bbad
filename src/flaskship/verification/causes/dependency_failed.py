"""A dependency of the image could not be installed.

The evidence is the installer's own reason. Correct the requirement, or make the package index reachable.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "DependencyFailed"
ENDS = Ends.AT_ONCE
ADVICE = "Correct the requirement, or make the package index reachable."


def find(subject: Subject) -> Cause | None:
    """Find a replica that has an image whose requirements do not install."""
    return subject.from_problem(CODE, ADVICE, "image")
