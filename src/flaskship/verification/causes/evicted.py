"""The node evicted the replica.

The node ran short of memory, disk or process numbers and ended what used more than it had asked for. Raise
`resources.requests` to what the application needs, or limit what it writes.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "Evicted"
ENDS = Ends.AT_DEADLINE
ADVICE = "Raise its requests to what it uses, or let it use less."


def find(subject: Subject) -> Cause | None:
    """Find a replica that the node put out."""
    return subject.from_problem(CODE, ADVICE, "resources.requests")
