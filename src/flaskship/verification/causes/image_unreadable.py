"""The image cannot be read or made.

The folder that flaskship.yaml names for the image is missing or unreadable, or the image was never built.
Correct `images` in flaskship.yaml or `image` in the values, or build it.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ImageUnreadable"
ENDS = Ends.AT_ONCE
ADVICE = "Correct the image in the values, or its folder in flaskship.yaml."


def find(subject: Subject) -> Cause | None:
    """Find a replica that has no image to start from."""
    return subject.from_problem(CODE, ADVICE, "image")
