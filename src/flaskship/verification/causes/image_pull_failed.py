"""The cluster cannot have the image.

The registry does not know it, refuses the node, or cannot be reached; or the name is no image's. The
evidence is the kubelet's own words. Correct `image` in the values, push it (`flaskship build --push`), or
give the ServiceAccount a pull secret.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ImagePullFailed"
ENDS = Ends.AT_ONCE
ADVICE = "Correct the image in the values, push it, or let the node log in to its registry."


def find(subject: Subject) -> Cause | None:
    """Find a replica whose image no node could get."""
    return subject.from_problem(CODE, ADVICE, "image")
