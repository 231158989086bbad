"""A container mounts a volume that its pod does not have."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "mount-volume"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find volumeMounts and volumeDevices whose name is that of no volume, nor of a claim template."""
    for pod in context.pods:
        claims = pod.owner.spec.at("volumeClaimTemplates").items()
        known = {claim.at("metadata", "name").text for claim in claims}
        known |= {volume.at("name").text for volume in pod.spec.at("volumes").items()}
        for container in pod.every_container:
            for key in ("volumeMounts", "volumeDevices"):
                for mount in container.node.at(key).items():
                    name = mount.at("name")
                    if name.text and name.text not in known:
                        yield container.fault(f"mounts {name.text}, which is no volume here", name, key)
