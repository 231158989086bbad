"""A container runs without an AppArmor profile."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "apparmor-profile"
SEVERITY = Severity.ERROR
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
TYPES = (None, "RuntimeDefault", "Localhost")


def find(context: Context) -> Iterator[Fault]:
    """Find profiles other than the runtime's and the node's own, in the field and in the old annotation."""
    for pod in context.pods:
        kind = pod.security.at("appArmorProfile", "type")
        if kind.text not in TYPES:
            yield pod.owner.fault(f"appArmorProfile.type is {kind.text}", kind)
        for container in pod.every_container:
            own = container.node.at("securityContext", "appArmorProfile", "type")
            if own.text not in TYPES:
                yield container.fault(f"appArmorProfile.type is {own.text}", own)
        for key, value in pod.node.at("metadata", "annotations").entries():
            text = value.text or ""
            if key.startswith(ANNOTATION) and text not in ("", "runtime/default") and not _own(text):
                yield pod.owner.fault(f"{key} is {text}", value, "podAnnotations")


def _own(text: str) -> bool:
    return text.startswith("localhost/")
