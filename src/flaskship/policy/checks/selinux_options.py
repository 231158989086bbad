"""A pod chooses its own SELinux label."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault

CODE = "selinux-options"
SEVERITY = Severity.ERROR
TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")


def find(context: Context) -> Iterator[Fault]:
    """Find SELinux types beyond those of containers, and every user and role."""
    for pod in context.pods:
        for problem, at in _problems(pod.security):
            yield pod.owner.fault(problem, at)
        for container in pod.every_container:
            for problem, at in _problems(container.node.at("securityContext")):
                yield container.fault(problem, at)


def _problems(security: Node) -> Iterator[tuple[str, Node]]:
    options = security.at("seLinuxOptions")
    kind = options.at("type")
    if kind.text is not None and kind.text not in TYPES:
        yield f"seLinuxOptions.type is {kind.text}", kind
    for key in ("user", "role"):
        if options.at(key).text:
            yield f"seLinuxOptions.{key} is {options.at(key).text}", options.at(key)
