"""What NetworkPolicies let through, by the labels and ports of the environment's own pods."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
from flaskship.policy.node import Node
from flaskship.policy.objects import Object, Pod
from flaskship.policy.selectors import selects

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
DNS = 53
_ADDRESS = re.compile(
    r"//(?:[^/\s@,]*@)?(?P<host>[a-z0-9-]+)(?:\.[\w.-]+)?(?::(?P<port>\d+))?(?=[/?#,;\s]|$)"
)


@dataclass(frozen=True, slots=True)
class Need:
    """A Service of the environment that a variable names, with the container port behind it."""

    service: Object = field(repr=False)
    variable: str
    port: int | str | None
    at: Node = field(repr=False)


def isolated(context: Context, pod: Pod, way: str) -> bool:
    """Whether some policy limits what a pod sends (Egress) or gets (Ingress)."""
    return any(True for _ in _policies(context, pod, way))


def sends_to(context: Context, pod: Pod, target: Pod, port: int | str | None) -> bool:
    """Whether the policies of a pod let it out to another one."""
    policies = tuple(_policies(context, pod, "Egress"))
    return not policies or any(
        _peers(rule.at("to"), pod, target) and _ports(rule, target, port)
        for policy in policies
        for rule in policy.spec.at("egress").items()
    )


def accepts_from(context: Context, pod: Pod, source: Pod, port: int | str | None) -> bool:
    """Whether the policies of a pod let another one in."""
    policies = tuple(_policies(context, pod, "Ingress"))
    return not policies or any(
        _peers(rule.at("from"), pod, source) and _ports(rule, pod, port)
        for policy in policies
        for rule in policy.spec.at("ingress").items()
    )


def resolves_names(context: Context, pod: Pod) -> bool:
    """Whether the policies of a pod let it ask DNS over UDP and over TCP, wherever that stands."""
    policies = tuple(_policies(context, pod, "Egress"))
    if not policies:
        return True
    rules = [rule for policy in policies for rule in policy.spec.at("egress").items()]
    return all(any(_asks_dns(rule, protocol) for rule in rules) for protocol in ("UDP", "TCP"))


def dependencies(context: Context, pod: Pod) -> Iterator[Need]:
    """Each Service of the environment that an address in the pod's configuration names."""
    for container in pod.containers:
        for name, text, at in variables(context, container):
            for address in _ADDRESS.finditer(text):
                for service in context.makers("Service", pod.owner.namespace, address["host"]):
                    yield Need(service, name, _target(service, address["port"]), at)


def _target(service: Object, port: str | None) -> int | str | None:
    ports = tuple(service.spec.at("ports").items())
    for one in ports:
        if port is None or one.at("port").number == int(port):
            target = one.at("targetPort")
            return target.port if target else one.at("port").port
    return None


def _policies(context: Context, pod: Pod, way: str) -> Iterator[Object]:
    for policy in context.policies[pod]:
        types = policy.spec.at("policyTypes")
        implied = way == "Ingress" or bool(policy.spec.at("egress"))
        if way in types.texts if types else implied:
            yield policy


def _peers(peers: Node, own: Pod, other: Pod) -> bool:
    given = tuple(peers.items())
    return not given or any(_peer(peer, own, other) for peer in given)


def _peer(peer: Node, own: Pod, other: Pod) -> bool:
    if peer.at("ipBlock"):
        return False
    namespaces = peer.at("namespaceSelector")
    if not namespaces:
        same = own.owner.namespace == other.owner.namespace
        return same and selects(peer.at("podSelector"), other.labels)
    # Labels of namespaces are not among the manifests, but for the one that names them.
    named = namespaces.at("matchLabels").labels.get(NAMESPACE_LABEL, other.owner.namespace)
    return named == other.owner.namespace and selects(peer.at("podSelector"), other.labels)


def _ports(rule: Node, target: Pod, port: int | str | None) -> bool:
    given = tuple(rule.at("ports").items())
    wanted = _number(target, port)
    return not given or wanted is None or any(_port(one, target, wanted) for one in given)


def _port(given: Node, target: Pod, wanted: int) -> bool:
    if given.at("protocol").text not in (None, "TCP"):
        return False
    first = _number(target, given.at("port").port)
    if first is None:
        return not given.at("port")
    return first <= wanted <= (given.at("endPort").number or first)


def _number(target: Pod, port: int | str | None) -> int | None:
    if isinstance(port, int) or port is None:
        return port
    for container in target.containers:
        for one in container.ports:
            if one.at("name").text == port:
                return one.at("containerPort").number
    return None


def _asks_dns(rule: Node, protocol: str) -> bool:
    given = tuple(rule.at("ports").items())
    opened = any(
        one.at("port").number in (DNS, None) and (one.at("protocol").text or "TCP") == protocol
        for one in given
    )
    return not given or opened
