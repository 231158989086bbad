"""What NetworkPolicies let through, by the labels and ports of the environment's own pods."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flaskship.policy.blocks import EVERYWHERE, opened
from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
from flaskship.policy.node import Node
from flaskship.policy.objects import Object, Pod
from flaskship.policy.selectors import selects

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
DNS = 53
RESOLVER_NAMESPACE = {NAMESPACE_LABEL: "kube-system"}
RESOLVER = {"k8s-app": "kube-dns"}
"""The labels of a cluster's resolver."""
COMMAND_LINE = ("command", "args")
_ADDRESS = re.compile(
    r"(?:(?<!/)//(?:[^/\s@,]*@)?|^(?=[\w.-]+:\d+$))(?P<host>[a-z0-9-]+)(?:\.[\w.-]+)?(?::(?P<port>\d+))?(?=[/?#,;\s]|$)"
)


@dataclass(frozen=True, slots=True)
class Need:
    """A Service of the environment that a variable names, with the container port behind it."""

    service: Object = field(repr=False)
    variable: str
    port: int | str | None
    at: Node = field(repr=False)

    @property
    def settings(self) -> tuple[str, ...]:
        """The values that may have named it."""
        if self.variable in COMMAND_LINE:
            return (self.variable,)
        return (f"env.{self.variable}", f"config.{self.variable}")


def isolated(context: Context, pod: Pod, way: str) -> bool:
    """Whether some policy limits what a pod sends (Egress) or gets (Ingress)."""
    return any(True for _ in _policies(context, pod, way))


def egress(context: Context, pod: Pod) -> tuple[Node, ...] | None:
    """The rules for what a pod sends; None where no policy limits it."""
    policies = tuple(_policies(context, pod, "Egress"))
    return tuple(rule for one in policies for rule in one.spec.at("egress").items()) if policies else None


def sends_to(context: Context, pod: Pod, target: Pod, port: int | str | None) -> bool:
    """Whether the policies of a pod let it out to another one."""
    rules = egress(context, pod)
    return rules is None or any(
        _peers(context, rule.at("to"), pod, target) and _ports(rule, target, port) for rule in rules
    )


def accepts_from(context: Context, pod: Pod, source: Pod, port: int | str | None) -> bool:
    """Whether the policies of a pod let another one in."""
    policies = tuple(_policies(context, pod, "Ingress"))
    return not policies or any(
        _peers(context, rule.at("from"), pod, source) and _ports(rule, pod, port)
        for policy in policies
        for rule in policy.spec.at("ingress").items()
    )


def resolves_names(context: Context, pod: Pod) -> bool:
    """Whether the policies of a pod let it ask DNS over UDP and over TCP, wherever that stands."""
    rules = egress(context, pod)
    return rules is None or all(
        any(_asks_dns(rule, protocol) for rule in rules) for protocol in ("UDP", "TCP")
    )


def opens_port(rule: Node, port: int, protocol: str = "TCP") -> bool:
    """Whether a rule lets a port by its number through; one without ports lets all."""
    given = tuple(rule.at("ports").items())
    return not given or any(_covers(one, port, protocol) for one in given)


def dependencies(context: Context, pod: Pod) -> Iterator[Need]:
    """Each Service of the environment that an address in the pod's configuration names."""
    for name, text, at in texts(context, pod):
        for address in _ADDRESS.finditer(text):
            for service in context.makers("Service", pod.owner.namespace, address["host"]):
                yield Need(service, name, _target(service, address["port"]), at)


def texts(context: Context, pod: Pod) -> Iterator[tuple[str, str, Node]]:
    """Every text that a pod's containers are given: variables, and what stands in their command lines."""
    for container in pod.containers:
        yield from variables(context, container)
        for key in COMMAND_LINE:
            for item in container.node.at(key).items():
                if item.text:
                    yield key, item.text, item


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


def _peers(context: Context, peers: Node, own: Pod, other: Pod) -> bool:
    given = tuple(peers.items())
    return not given or any(_peer(context, peer, own, other) for peer in given)


def _peer(context: Context, peer: Node, own: Pod, other: Pod) -> bool:
    if peer.at("ipBlock"):
        return False
    namespaces = peer.at("namespaceSelector")
    if not namespaces:
        same = own.owner.namespace == other.owner.namespace
        return same and selects(peer.at("podSelector"), other.labels)
    return selects(namespaces, _labels_of(context, other.owner.namespace)) and selects(
        peer.at("podSelector"), other.labels
    )


def _labels_of(context: Context, namespace: str | None) -> dict[str, str]:
    """The labels that a namespace surely has: the one that names it, and those that are rendered."""
    rendered = [one.labels for one in context.of("Namespace") if one.name == namespace]
    return {**(rendered[0] if rendered else {}), NAMESPACE_LABEL: namespace or ""}


def _ports(rule: Node, target: Pod, port: int | str | None) -> bool:
    given = tuple(rule.at("ports").items())
    wanted = _number(target, port)
    return not given or (wanted is not None and any(_port(one, target, wanted) for one in given))


def _port(given: Node, target: Pod, wanted: int) -> bool:
    name = given.at("port").text
    if name is None:
        return _covers(given, wanted, "TCP")
    return given.at("protocol").text in (None, "TCP") and _number(target, name) == wanted


def _covers(given: Node, port: int, protocol: str) -> bool:
    """Whether an entry of a rule's ports holds a number; one without a port holds every one."""
    first = given.at("port")
    if (given.at("protocol").text or "TCP") != protocol:
        return False
    if not first:
        return True
    return first.number is not None and first.number <= port <= (given.at("endPort").number or first.number)


def _number(target: Pod, port: int | str | None) -> int | None:
    if isinstance(port, int) or port is None:
        return port
    for container in target.containers:
        for one in container.ports:
            if one.at("name").text == port:
                return one.at("containerPort").number
    return None


def _asks_dns(rule: Node, protocol: str) -> bool:
    """Whether a rule is a way to a resolver: it names the port, or goes where one is sure to be."""
    named = any(
        one.at("port").number == DNS and (one.at("protocol").text or "TCP") == protocol
        for one in rule.at("ports").items()
    )
    return named or (opens_port(rule, DNS, protocol) and _holds_resolver(rule.at("to")))


def _holds_resolver(peers: Node) -> bool:
    given = tuple(peers.items())
    return not given or any(map(_is_resolver, given))


def _is_resolver(peer: Node) -> bool:
    if peer.at("ipBlock"):
        return any(one in EVERYWHERE for one in opened(peer.at("ipBlock")))
    namespaces = peer.at("namespaceSelector")
    return (
        bool(namespaces)
        and selects(namespaces, RESOLVER_NAMESPACE)
        and selects(peer.at("podSelector"), RESOLVER)
    )
