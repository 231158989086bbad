"""Names to addresses, within a time limit: the system's resolver has none."""

import ipaddress
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout

from tomorrows.outbound.addresses import Address

SECONDS = 3.0

_resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


class NotResolved(Exception):
    """The name has no address now."""


def resolve(host: str, port: int) -> list[Address]:
    """Give every address of a host, in the resolver's order."""
    future: Future[list[Address]] = _resolvers.submit(_resolve, host, port)
    try:
        return future.result(timeout=SECONDS)
    except FutureTimeout:
        future.cancel()
        raise NotResolved(f"{host} was not resolved in {SECONDS:g} s") from None


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise NotResolved(f"{host} was not resolved: {reason}") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return list(dict.fromkeys(addresses))
