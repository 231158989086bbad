"""A pod mounts what the restricted standard does not allow."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "volume-type"
SEVERITY = Severity.ERROR
ALLOWED = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
ELSEWHERE = ("name", "hostPath")
"""A folder of the node is the business of host-access."""


def find(context: Context) -> Iterator[Fault]:
    """Find volumes of other kinds than the restricted Pod Security standard lists."""
    for pod in context.pods:
        for volume in pod.spec.at("volumes").items():
            for kind, source in volume.entries():
                if source and kind not in ALLOWED and kind not in ELSEWHERE:
                    name = volume.at("name").text
                    yield pod.owner.fault(f"volume {name} is of kind {kind}", source, "volumes")
