import asyncio
import random
from collections import Counter

import pytest

from flaskship.engines.local.router.endpoints import Balancer, Endpoint, Member


def endpoints(count):
    return [Endpoint(f"r{n}", "127.0.0.1", 5000 + n) for n in range(count)]


def balancer(members, seed=1):
    return Balancer(members, random.Random(seed).random)


def test_nobody_is_chosen_of_none():
    assert balancer([]).pick(0.0) is None


def test_the_least_busy_is_chosen():
    a, b, c = endpoints(3)
    a.in_flight, b.in_flight, c.in_flight = 2, 1, 2
    assert {balancer([Member(e, 1, "") for e in (a, b, c)], seed).pick(0.0) for seed in range(20)} == {b}


def test_ties_are_shared_evenly():
    found = balancer([Member(e, 1, "") for e in endpoints(4)])
    counts = Counter(found.pick(0.0).uid for _ in range(4000))
    assert all(850 < count < 1150 for count in counts.values())


@pytest.mark.parametrize("busy", [0, 50])
def test_a_groups_share_is_its_weight_whatever_is_in_flight(busy):
    stable, canary = endpoints(2)
    stable.in_flight = busy
    found = balancer([Member(stable, 90, "stable"), Member(canary, 10, "canary")])
    counts = Counter(found.pick(0.0).uid for _ in range(20_000))
    assert 0.09 < counts["r1"] / 20_000 < 0.11


def test_equal_weights_of_two_groups_are_half_each():
    stable, canary = endpoints(2)
    canary.in_flight = 9
    found = balancer([Member(stable, 1, "stable"), Member(canary, 1, "canary")])
    counts = Counter(found.pick(0.0).uid for _ in range(10_000))
    assert 0.47 < counts["r1"] / 10_000 < 0.53


def test_who_was_tried_or_is_out_of_turn_is_left_out():
    a, b, c = endpoints(3)
    found = balancer([Member(e, 1, "") for e in (a, b, c)])
    b.ejected_until = 5.0
    assert found.pick(4.9, [a]) is c
    assert {found.pick(5.0, [a]) for _ in range(20)} == {b, c}
    assert found.pick(4.9, [a, b, c]) is None


def test_when_all_are_out_of_turn_one_is_tried_all_the_same():
    a, b = endpoints(2)
    a.ejected_until = b.ejected_until = 9.0
    assert balancer([Member(a, 1, ""), Member(b, 1, "")]).pick(0.0, [a]) is b


def test_weight_zero_is_never_chosen():
    a, b = endpoints(2)
    found = balancer([Member(a, 0, "green"), Member(b, 1, "blue")])
    assert {found.pick(0.0) for _ in range(50)} == {b}
    assert balancer([Member(a, 0, "")]).pick(0.0) is None


async def test_waiting_ends_when_the_last_one_does():
    [endpoint] = endpoints(1)
    await endpoint.wait_empty()
    endpoint.begin()
    endpoint.begin()
    waits = [asyncio.create_task(endpoint.wait_empty()) for _ in range(2)]
    await asyncio.sleep(0)
    endpoint.end()
    await asyncio.sleep(0)
    assert not any(wait.done() for wait in waits)
    endpoint.end()
    await asyncio.gather(*waits)
