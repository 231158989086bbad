"""What is asked of the cluster as evidence, how often, and what is done without."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from tests.recordings.replay import run

from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.gathering import FRESH_SECONDS, SECONDS, TRIES, Gatherer
from flaskship.engines.kubernetes.observing.observed import AnswerKey, LogKey
from flaskship.engines.kubernetes.observing.wanted import WantedAnswer, WantedLog

ENDED = WantedLog(LogKey("p1", "web", 0), "web-1", "web", previous=True, ended=True)
GOING_ON = WantedLog(LogKey("p1", "web", 1), "web-1", "web", previous=False, ended=False)
ASKED = WantedAnswer(AnswerKey("p1", "readiness"), "web-1", "http", 5000, "/ready")


class Says:
    """A witness whose answers are given one after the other; the last is given again."""

    def __init__(self, *acts):
        self.acts = list(acts)
        self.asked = Counter()

    async def lines(self, want, count):
        self.asked[want.key] += 1
        return await self._next()

    async def answer(self, want):
        self.asked[want.key] += 1
        return await self._next()

    async def _next(self):
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(act, Exception):
            raise act
        if isinstance(act, float):
            await asyncio.sleep(act)
        return act


def gather(says, *wants, rounds=1, pause=0.0):
    async def story():
        loop = asyncio.get_running_loop()
        gatherer = Gatherer(says, lambda: 1000.0 + loop.time())
        for _ in range(rounds):
            found = await gatherer.gather(wants)
            await asyncio.sleep(pause)
        return found, loop.time()

    return run(story())


def test_the_log_of_a_run_that_ended_is_read_once():
    says = Says(("boom",))
    found, _ = gather(says, ENDED, rounds=5, pause=60.0)
    assert found.lines == {ENDED.key: ("boom",)}
    assert says.asked[ENDED.key] == 1


def test_a_log_that_is_not_there_yet_is_asked_for_again_before_anything_is_told():
    found, _ = gather(Says(NotFoundError("not yet"), ("boom",)), ENDED)
    assert found.lines == {ENDED.key: ("boom",)}


@pytest.mark.parametrize("act", [NotFoundError("never"), 3600.0])
def test_a_log_that_never_comes_is_done_without_in_bounded_time(act):
    says = Says(act)
    found, seconds = gather(says, ENDED, rounds=3)
    assert found.lines == {}
    assert says.asked[ENDED.key] == TRIES
    assert seconds < TRIES * (SECONDS + 1)


@pytest.mark.parametrize("want", [GOING_ON, ASKED])
def test_what_may_be_otherwise_later_is_asked_for_again_but_not_all_the_time(want):
    says = Says(("line",) if want is GOING_ON else "503: no database")
    gather(says, want, rounds=10, pause=FRESH_SECONDS / 5)
    assert says.asked[want.key] == 2


def test_an_answer_that_cannot_be_had_leaves_the_kubelets_own_words():
    found, _ = gather(Says(None), ASKED)
    assert found.answers == {}


def test_what_nobody_wants_any_more_is_forgotten():
    says = Says(("boom",))

    async def story():
        gatherer = Gatherer(says, lambda: 1000.0)
        await gatherer.gather([ENDED])
        return await gatherer.gather([])

    assert run(story()).lines == {}


def test_what_was_read_while_a_run_went_on_is_read_again_when_it_has_ended():
    says = Says((), ("boom",))

    async def story():
        gatherer = Gatherer(says, lambda: 1000.0)
        await gatherer.gather([replace(ENDED, ended=False, previous=False)])
        return await gatherer.gather([ENDED])

    assert run(story()).lines == {ENDED.key: ("boom",)}
