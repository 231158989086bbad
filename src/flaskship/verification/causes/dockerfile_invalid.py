"""The Dockerfile cannot be understood.

The message has the line. Correct it; the unsupported instructions of a local run are in docs/reference.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "DockerfileInvalid"
ENDS = Ends.AT_ONCE
ADVICE = "Correct that line of the Dockerfile."


def find(subject: Subject) -> Cause | None:
    """Find a replica that has an image whose Dockerfile is wrong."""
    return subject.from_problem(CODE, ADVICE, "image")
