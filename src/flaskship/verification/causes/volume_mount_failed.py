"""A volume of the replica cannot be mounted.

The evidence is the kubelet's own words: the disk is still held by another node, the storage refuses it, or
the path is not there. It ends a rollout when three tries within 10 seconds have failed; a disk that another
node still holds is waited for.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "VolumeMountFailed"
ENDS = Ends.AT_ONCE
ADVICE = "See what the volume says: kubectl describe pvc."


def find(subject: Subject) -> Cause | None:
    """Find a replica that waits for a volume."""
    return subject.from_problem(CODE, ADVICE, "volumes")
