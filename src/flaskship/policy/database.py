"""The way to a database: where it is, as far as the environment says, and whether the policies lead there."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from flaskship.policy.blocks import EVERYWHERE, Block, block, holds, opened
from flaskship.policy.configuration import variables
from flaskship.policy.context import Context
from flaskship.policy.network import egress, opens_port
from flaskship.policy.node import Node
from flaskship.policy.objects import Container, Pod

VARIABLE = "DATABASE_URL"
FILE = f"{VARIABLE}_FILE"
PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306}
_LOCAL = re.compile(r"^(localhost|127\.[0-9.]+|::1)$")


class Way(StrEnum):
    """Whether a pod's policies let it to its database."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Database:
    """A database that a pod is told of: its host where the environment knows it, and its port."""

    variable: str
    host: str | None
    port: int
    at: Node = field(repr=False)

    @property
    def address(self) -> Block | None:
        """Its address, where the host is one."""
        return block(self.host)


def databases(context: Context, pod: Pod) -> Iterator[Database]:
    """Each database behind a pod's DATABASE_URL; one on the same machine, or a Service, is none of these."""
    for container in pod.containers:
        for variable, url, at in _urls(context, container):
            for host, port in _hosts(url) if url is not None else ((None, None),):
                if host is not None and (_LOCAL.match(host) or _is_service(context, pod, host)):
                    continue
                yield Database(variable, host, port or context.database.port, at)


def way(context: Context, pod: Pod, database: Database) -> Way:
    """Whether the policies let the pod to the database: by its address, else by its declared networks."""
    rules = egress(context, pod)
    if rules is None:
        return Way.OPEN
    leading = [rule for rule in rules if opens_port(rule, database.port)]
    if any(not tuple(rule.at("to").items()) for rule in leading):
        return Way.OPEN
    peers = [peer for rule in leading for peer in rule.at("to").items()]
    blocks = [part for peer in peers for part in opened(peer.at("ipBlock"))]
    if database.address is not None:
        return Way.OPEN if holds(blocks, database.address) else Way.CLOSED
    if context.database.networks:
        declared = [block(text) for text in context.database.networks]
        return Way.OPEN if all(one and holds(blocks, one) for one in declared) else Way.CLOSED
    if any(one in blocks for one in EVERYWHERE):
        return Way.OPEN
    return Way.UNKNOWN if peers else Way.CLOSED


def _urls(context: Context, container: Container) -> Iterator[tuple[str, str | None, Node]]:
    """Where each URL of a database comes from; the text is None where a Secret from outside has it."""
    plain = [(text, at) for name, text, at in variables(context, container) if name == VARIABLE]
    if plain:
        # The first is the container's own, which beats what it is given whole.
        yield VARIABLE, *plain[0]
        return
    for variable in container.node.at("env").items():
        name, reference = variable.at("name").text, variable.at("valueFrom", "secretKeyRef")
        if name == VARIABLE and reference:
            yield VARIABLE, _rendered(context, container, reference), variable
        elif name == FILE:
            yield FILE, None, variable


def _rendered(context: Context, container: Container, reference: Node) -> str | None:
    """The URL that a Secret of the environment holds; only its host and port are ever told."""
    found = context.makers("Secret", container.pod.owner.namespace, reference.at("name").text)
    for one in found:
        key = reference.at("key").text or ""
        if (plain := one.node.at("stringData", key).text) is not None:
            return plain
        if (encoded := one.node.at("data", key).text) is not None:
            try:
                return base64.b64decode(encoded).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
    return None


def _hosts(url: str) -> Iterator[tuple[str | None, int | None]]:
    """The hosts of a URL with their ports; none for a file or a socket on the same machine."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        yield None, None
        return
    scheme = parts.scheme.partition("+")[0]
    if scheme == "sqlite":
        return
    hosts = parts.netloc.rpartition("@")[2] or ",".join(parse_qs(parts.query).get("host", []))
    for given in hosts.split(",") if hosts else ():
        host, port = _host(given)
        if not host.startswith("/"):
            yield host or None, port or PORTS.get(scheme)


def _host(given: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(?:\[(?P<v6>[^\]]*)\]|(?P<host>[^:]*))(?::(?P<port>\d{1,5}))?", given)
    if found is None:
        return given, None
    return found["v6"] or found["host"] or "", int(found["port"]) if found["port"] else None


def _is_service(context: Context, pod: Pod, host: str) -> bool:
    return bool(context.makers("Service", pod.owner.namespace, host.partition(".")[0]))
