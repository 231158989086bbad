"""No node of the cluster takes the replica.

The scheduler says for each node why: too little CPU or memory is free for its requests, a taint, an
affinity, a volume that is elsewhere. It ends a rollout when it has stood for 10 seconds, unless the cluster
is being given another node. Lower `resources.requests`, correct the placement, or add a node.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "Unschedulable"
ENDS = Ends.AT_ONCE
ADVICE = "Lower what it asks for, correct where it may run, or add a node."


def find(subject: Subject) -> Cause | None:
    """Find a replica that no node takes."""
    return subject.from_problem(CODE, ADVICE, "resources.requests")
