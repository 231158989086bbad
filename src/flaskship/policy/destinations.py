"""Where else a pod goes: each address of its configuration that is no Service of ours, and the way there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flaskship.policy.blocks import Block, block, holds, opened
from flaskship.policy.context import Context
from flaskship.policy.database import VARIABLE, Way
from flaskship.policy.network import COMMAND_LINE, egress, opens_port, texts
from flaskship.policy.node import Node
from flaskship.policy.objects import Pod

PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "redis": 6379,
    "rediss": 6379,
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
    "nats": 4222,
    "ldap": 389,
    "ldaps": 636,
    "smtp": 25,
    "smtps": 465,
    "postgresql": 5432,
    "postgres": 5432,
    "mysql": 3306,
    "mariadb": 3306,
}
"""The ports of URLs that name none."""
_URL = re.compile(
    r"(?<![\w+.-])(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^/\s@,]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[\w.-]*\w)?)(?::(?P<port>[0-9]{1,5}))?(?=[/?#,;\s\"']|$)"
)
_HOST = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9][\w-]*\.)+[A-Za-z]{2,}"
_PAIR = re.compile(rf"\s*(?P<host>{_HOST}):(?P<port>[0-9]{{1,5}})\s*")
"""An address or a full name with its port, as clients that want no URL take it."""
_LOCAL = re.compile(r"localhost|127\.[0-9.]+|::1|0\.0\.0\.0|::")
_IN_CLUSTER = re.compile(r"[a-z0-9-]+\.([a-z0-9-]+)(\.svc(\.[a-z0-9.-]+)?)?")
_NAMESPACE = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Destination:
    """What an address names: by which variable, or `args`, its host and its port."""

    variable: str
    host: str
    port: int
    at: Node = field(repr=False)

    @property
    def address(self) -> Block | None:
        """Its address, where the host is one."""
        return block(self.host)

    @property
    def settings(self) -> tuple[str, ...]:
        """The values that may have named it."""
        if self.variable in COMMAND_LINE:
            return (self.variable,)
        return (f"env.{self.variable}", f"config.{self.variable}")


def destinations(context: Context, pod: Pod) -> Iterator[Destination]:
    """Each other machine that a pod is told of; its database and Services of the environment are none."""
    for name, text, at in texts(context, pod):
        for host, port in _named(text) if name != VARIABLE else ():
            service = context.makers("Service", pod.owner.namespace, host.partition(".")[0])
            if port and not service and not _LOCAL.fullmatch(host):
                yield Destination(name, host, port, at)


def _named(text: str) -> Iterator[tuple[str, int | None]]:
    for found in _URL.finditer(text):
        port = int(found["port"]) if found["port"] else PORTS.get(found["scheme"].partition("+")[0])
        yield found["host"].strip("[]").lower(), port
    pairs = [_PAIR.fullmatch(part) for part in text.split(",")]
    # In a sentence such a pair may be anything: every part has to be one.
    if all(pairs):
        for pair in filter(None, pairs):
            yield pair["host"].strip("[]").lower(), int(pair["port"])


def way_to(context: Context, pod: Pod, destination: Destination) -> Way:
    """Whether the policies let the pod there: by its address; of a name, whether anybody's port is open."""
    rules = egress(context, pod)
    if rules is None:
        return Way.OPEN
    leading = [rule for rule in rules if opens_port(rule, destination.port)]
    if any(not tuple(rule.at("to").items()) for rule in leading):
        return Way.OPEN
    if destination.address is not None:
        blocks = [
            part for rule in leading for peer in rule.at("to").items() for part in opened(peer.at("ipBlock"))
        ]
        return Way.OPEN if holds(blocks, destination.address) else Way.CLOSED
    within = _IN_CLUSTER.fullmatch(destination.host)
    if leading or (within and _leads_to_pods(rules, within[1])):
        return Way.OPEN
    return Way.UNKNOWN


def _leads_to_pods(rules: tuple[Node, ...], namespace: str) -> bool:
    """Whether a rule may name pods of a namespace: the ports behind a Service there are not known here."""
    return any(
        peer.at("namespaceSelector")
        and (peer.at("namespaceSelector", "matchLabels", _NAMESPACE).text or namespace) == namespace
        for rule in rules
        if not opens_port(rule, 53, "UDP")
        for peer in rule.at("to").items()
    )
