"""A pod may fill its node's disk or memory."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "unbounded-volume"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find emptyDir volumes without a size limit."""
    for pod in context.pods:
        for volume in pod.spec.at("volumes").items():
            scratch = volume.at("emptyDir")
            if scratch and not scratch.at("sizeLimit"):
                name = volume.at("name").text
                yield pod.owner.fault(f"volume {name} has no sizeLimit", scratch, "volumes")
