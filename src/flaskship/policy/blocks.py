"""Blocks of addresses: what the ipBlocks of network policies hold, their exceptions taken off."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from flaskship.policy.node import Node


@dataclass(frozen=True, order=True, slots=True)
class Block:
    """Addresses of one version of IP in a row."""

    version: int
    first: int
    last: int


def block(text: str | None) -> Block | None:
    """The addresses of a network, or the one that a text names; None where it names none."""
    try:
        found = ip_network(text, strict=False) if text else None
    except ValueError:
        return None
    return None if found is None else Block(found.version, int(found[0]), int(found[-1]))


EVERYWHERE = (Block(4, 0, 2**32 - 1), Block(6, 0, 2**128 - 1))


def opened(given: Node) -> tuple[Block, ...]:
    """What an ipBlock holds."""
    whole = block(given.at("cidr").text)
    left = [] if whole is None else [whole]
    for closed in filter(None, map(block, given.at("except").texts)):
        left = [part for one in left for part in _without(one, closed)]
    return tuple(left)


def holds(blocks: Iterable[Block], wanted: Block) -> bool:
    """Whether the blocks together hold every address of another."""
    missing = wanted.first
    for one in sorted(blocks):
        if one.version == wanted.version and one.first <= missing <= one.last:
            missing = one.last + 1
    return missing > wanted.last


def _without(one: Block, closed: Block) -> Iterator[Block]:
    if one.version != closed.version or closed.last < one.first or one.last < closed.first:
        yield one
        return
    if one.first < closed.first:
        yield Block(one.version, one.first, closed.first - 1)
    if closed.last < one.last:
        yield Block(one.version, closed.last + 1, one.last)
