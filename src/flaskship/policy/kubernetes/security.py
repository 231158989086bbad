"""What an API server refuses of the security contexts of a pod and of its containers."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import Forms, invalid, named, one_of, refused_by, within
from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.node import Node

HIGHEST = (1 << 31) - 1
_SYSCTL = re.compile(r"(?=.{1,253}$)([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_EITHER: Forms = (
    ("runAsUser", within(0, HIGHEST)),
    ("runAsGroup", within(0, HIGHEST)),
    ("seccompProfile.type", one_of("RuntimeDefault", "Unconfined", "Localhost")),
    ("appArmorProfile.type", one_of("RuntimeDefault", "Unconfined", "Localhost")),
)
_POD: Forms = (
    *_EITHER,
    ("fsGroup", within(0, HIGHEST)),
    ("supplementalGroups[]", within(0, HIGHEST)),
    ("fsGroupChangePolicy", one_of("Always", "OnRootMismatch")),
    ("supplementalGroupsPolicy", one_of("Merge", "Strict")),
    ("sysctls[].name", named(_SYSCTL, "name of a sysctl")),
)
_CONTAINER: Forms = (*_EITHER, ("procMount", one_of("Default", "Unmasked")))
_ALL = ("SYS_ADMIN", "CAP_SYS_ADMIN")


def refused_of_pod_security(spec: Node) -> Iterator[Violation]:
    """Every violation of what a pod says for all of its containers."""
    context = spec.at("securityContext")
    yield from refused_by(_POD, context)
    yield from _profiles(context)
    told: set[str | None] = set()
    for one in context.at("sysctls").items():
        name = one.at("name")
        if name.text in told:
            yield Violation(Breach.DUPLICATE, name.path, f"{name.text} stands twice in this list")
        told.add(name.text)
    if spec.at("hostPID").truth and spec.at("shareProcessNamespace").truth:
        yield invalid(spec.at("shareProcessNamespace"), "and hostPID exclude each other")
    for host in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.at("hostUsers").truth is False and spec.at(host).truth:
            yield invalid(spec.at(host), "and hostUsers: false exclude each other")


def refused_of_container_security(container: Node) -> Iterator[Violation]:
    """Every violation of what a container says for itself."""
    context = container.at("securityContext")
    yield from refused_by(_CONTAINER, context)
    yield from _profiles(context)
    escalation = context.at("allowPrivilegeEscalation")
    if escalation.truth is False:
        if context.at("privileged").truth:
            yield invalid(escalation, "false and privileged: true exclude each other")
        elif any(one in _ALL for one in context.at("capabilities", "add").texts):
            yield invalid(escalation, "false and the capability SYS_ADMIN exclude each other")


def _profiles(context: Node) -> Iterator[Violation]:
    for kind in ("seccompProfile", "appArmorProfile"):
        profile = context.at(kind, "localhostProfile")
        local = context.at(kind, "type").text == "Localhost"
        if local and not profile.content:
            yield invalid(profile, "is required beside type Localhost")
        elif profile and not local:
            yield invalid(profile, "belongs to type Localhost alone")
