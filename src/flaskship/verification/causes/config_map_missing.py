"""A ConfigMap that the application needs does not exist.

The message names the ConfigMap. Add it to the chart, correct its name, or mark the reference optional.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "ConfigMapMissing"
ENDS = Ends.AT_ONCE
ADVICE = "Add it to the chart, correct the name, or mark the reference optional."


def find(subject: Subject) -> Cause | None:
    """Find a replica that needs a ConfigMap that is not there."""
    return subject.from_problem(CODE, ADVICE, "envFrom")
