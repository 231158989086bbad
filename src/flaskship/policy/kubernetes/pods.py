"""What an API server refuses of a pod although its schema takes it: validation that is code."""

from collections.abc import Iterator

from flaskship.policy.kubernetes.containers import refused_of_container
from flaskship.policy.kubernetes.forms import invalid
from flaskship.policy.kubernetes.handlers import refused_of_handlers
from flaskship.policy.kubernetes.pod_fields import refused_of_pod_fields
from flaskship.policy.kubernetes.resources import refused_of_resources
from flaskship.policy.kubernetes.scheduling import refused_of_scheduling
from flaskship.policy.kubernetes.security import refused_of_container_security, refused_of_pod_security
from flaskship.policy.kubernetes.validate import Violation
from flaskship.policy.kubernetes.volumes import refused_of_volumes
from flaskship.policy.objects import Object

ONLY_BESIDE = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
"""What a container that ends before the others start cannot have."""


def refused_of_pods(one: Object) -> Iterator[Violation]:
    """Every violation of an object's pod."""
    if one.pod is None:
        return
    spec = one.pod.spec
    for container in spec.at("initContainers").items():
        if container.at("restartPolicy").text != "Always":
            for part in ONLY_BESIDE:
                if container.at(part):
                    message = "belongs to no init container that ends first (restartPolicy Always keeps one)"
                    yield invalid(container.at(part), message)
    for containers in ("initContainers", "containers"):
        for container in spec.at(containers).items():
            yield from refused_of_container(spec, container, containers == "initContainers")
            yield from refused_of_container_security(container)
            yield from refused_of_handlers(spec, container)
            yield from refused_of_resources(spec, container)
    yield from refused_of_pod_fields(one, one.pod.node, spec)
    yield from refused_of_pod_security(spec)
    yield from refused_of_volumes(spec)
    yield from refused_of_scheduling(spec)
