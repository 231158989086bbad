"""A pod reaches into its node."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault, Pod

CODE = "host-access"
SEVERITY = Severity.ERROR
NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")


def find(context: Context) -> Iterator[Fault]:
    """Find pods that share the node's namespaces, folders or ports."""
    for pod in context.pods:
        yield from _namespaces(pod)
        yield from _paths(pod)
        yield from _windows(pod)
        for container in pod.every_container:
            for port in container.ports:
                taken = port.at("hostPort")
                if taken.number:
                    message = f"takes port {taken.number} of the node"
                    yield container.fault(message, taken)


def _namespaces(pod: Pod) -> Iterator[Fault]:
    for name in NAMESPACES:
        said = pod.spec.at(name)
        if said.truth is True:
            yield pod.owner.fault(f"{name} is true: the pod shares it with the node", said)


def _windows(pod: Pod) -> Iterator[Fault]:
    said = pod.security.at("windowsOptions", "hostProcess")
    if said.truth is True:
        yield pod.owner.fault("hostProcess is true: the pod runs on the node itself", said)
    for container in pod.every_container:
        own = container.node.at("securityContext", "windowsOptions", "hostProcess")
        if own.truth is True:
            yield container.fault("hostProcess is true: it runs on the node itself", own)


def _paths(pod: Pod) -> Iterator[Fault]:
    for volume in pod.spec.at("volumes").items():
        path = volume.at("hostPath", "path")
        if volume.at("hostPath"):
            yield pod.owner.fault(f"mounts {path.text} of the node", path, "volumes")
