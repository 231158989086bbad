"""Tests that are made before they may begin, and who else may run them."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE, SECRETS
from tests.unit.engines.kubernetes.trials import (
    NAME,
    PODS,
    RUNNING,
    WAITING,
    Trials,
    ended,
    go,
    hook,
    pod,
    tried,
)

from flaskship.engines.kubernetes import trying
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.readying import Readying
from flaskship.engines.kubernetes.testing import hooks_of, run_tests
from flaskship.engines.kubernetes.trying import remove_hooks


def begins(api: Trials, name: str) -> str | None:
    """What a test's pod reads of when it is to begin; None where there is no such pod."""
    found = api.objects.get(f"{PODS}/{name}")
    return None if found is None else str(found["metadata"]["annotations"][trying.BEGIN])


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def readied(api: Trials) -> tuple[Cluster, Readying]:
    cluster = api.cluster()
    readying = Readying(cluster, no_sleep)
    readying.prepare(PLACE)
    readying.prepare(PLACE)
    await readying.of(PLACE.environment, 1)
    return cluster, readying


async def test_a_test_that_can_wait_is_made_before_it_may_begin_and_no_other() -> None:
    kept = hook("kept", "hook-succeeded", manifest=WAITING)
    api = Trials(hook("a", manifest=WAITING), hook("b"), hook("j", kind="Job"), kept)
    _, readying = await readied(api)
    assert api.made == ["a"]
    assert begins(api, "a") == "wait"
    assert await readying.of(PLACE.environment, 2) == {}, "those of an earlier revision are not taken for it"
    assert await readying.of("another", 1) == {}
    graces: list[object] = []
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            graces.append(json.loads(request.content).get("gracePeriodSeconds"))
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    await readying.forgo(PLACE.environment)
    await readying.forgo(PLACE.environment)
    assert graces == [1], "an undo waits for its name"
    assert api.below(PODS) == [], "a rollout that failed leaves none waiting"


async def test_one_that_waits_is_let_begin_and_its_last_line_ends_it() -> None:
    policies = ("before-hook-creation", "hook-succeeded")
    api = Trials(hook("a", *policies, manifest=WAITING), hook("late", manifest=WAITING, weight=1))
    cluster, readying = await readied(api)
    api.states = {"a": [RUNNING], "late": [RUNNING]}
    seen: list[str | None] = []
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/log"):
            seen.append(begins(api, request.url.path.split("/")[-2]))
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    api.logs = {"a": "200 ok\npassed\n", "late": "passed\n"}
    prepared = await readying.of(PLACE.environment, 1)
    tested = await run_tests(cluster, PLACE, 1, no_sleep, prepared)
    assert [(one.name, one.passed) for one in tested] == [("a", True), ("late", True)]
    assert set(seen) == {"now"}
    assert [one for one in api.made if one != "a look"] == ["a", "late"], "none is made a second time"
    assert prepared == {}
    assert api.phases() == {"a": "Succeeded", "late": "Succeeded"}
    assert api.below(PODS) == ["late"]


async def test_without_its_last_line_a_test_comes_to_what_its_state_says() -> None:
    api = Trials(hook("a", manifest=WAITING))
    api.states = {"a": [RUNNING, ended(1)]}
    api.logs["a"] = "500 and then: passed\n"
    assert await go(api) == [("a", False, "its container answers ended with exit code 1")]
    silent = Trials(hook("a", manifest=WAITING))
    silent.states = {"a": [RUNNING, ended(0)]}
    silent.logs["a"] = ""
    assert await go(silent) == [("a", True, "passed")]


async def test_a_line_is_only_heeded_where_the_test_promises_it() -> None:
    api = Trials(hook("a"))
    api.states = {"a": [RUNNING, ended(1)]}
    api.logs["a"] = "passed\n"
    assert [one.passed for one in await tried(api)] == [False]


@pytest.mark.parametrize("status", [ended(1), {"phase": "Failed", "reason": "Evicted"}, None])
async def test_one_that_waits_no_more_is_made_again(status: Mapping[str, Any] | None) -> None:
    api = Trials(hook("a", manifest=WAITING))
    cluster, readying = await readied(api)
    if status is None:
        del api.objects[f"{PODS}/a"]
    else:
        api.put(f"{PODS}/a", {**api.objects[f"{PODS}/a"], "status": status})
    api.states, api.logs["a"] = {"a": [ended(0)]}, ""
    prepared = await readying.of(PLACE.environment, 1)
    [tested] = await run_tests(cluster, PLACE, 1, no_sleep, prepared)
    assert tested.passed, "how it ended before it was to begin says nothing of the release"
    assert [one for one in api.made if one == "a"] == ["a", "a"]
    assert begins(api, "a") == "now"


async def test_one_that_cannot_be_made_ready_is_made_when_it_is_to_begin() -> None:
    api = Trials(hook("a", manifest=WAITING))
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        httpx2.Response(403, json={"message": "exceeded quota: tight", "reason": "Forbidden"})
        if (request.method, request.url.path) == ("POST", PODS)
        else plain(request)
    )
    cluster, readying = await readied(api)
    assert await readying.of(PLACE.environment, 1) == {}
    [tested] = await run_tests(cluster, PLACE, 1, no_sleep, {})
    assert not tested.ran
    await readying.close()


async def test_one_that_does_not_hear_that_it_may_begin_is_made_anew_without_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kubelet that misses the word passes it on at its next look at the pod, a minute or more later."""
    monkeypatch.setattr(trying, "BEGIN_SECONDS", 0.05)
    monkeypatch.setattr(trying, "SECONDS", 5)
    api = Trials(hook("a", manifest=WAITING))
    cluster, readying = await readied(api)
    api.states = {"a": [RUNNING]}
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        api.logs["a"] = "begun\npassed\n" if api.made.count("a") > 1 else ""
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    prepared = await readying.of(PLACE.environment, 1)
    [tested] = await run_tests(cluster, PLACE, 1, no_sleep, prepared)
    assert (tested.passed, api.made.count("a"), begins(api, "a")) == (True, 2, "now")


async def test_one_whose_words_nobody_may_read_is_not_made_again() -> None:
    api = Trials(hook("a", manifest=WAITING))
    cluster, readying = await readied(api)
    api.states = {"a": [RUNNING, ended(0)]}
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        httpx2.Response(403, json={"message": "no", "reason": "Forbidden"})
        if request.url.path.endswith("/log")
        else plain(request)
    )
    [tested] = await run_tests(cluster, PLACE, 1, no_sleep, await readying.of(PLACE.environment, 1))
    assert (tested.passed, api.made.count("a")) == (True, 1)


async def test_somebody_elses_run_of_a_test_is_waited_for_and_not_deleted() -> None:
    api = Trials(hook("a"))
    api.states = {"a": [ended(0)]}
    theirs = {"metadata": {"name": "a", "uid": "theirs"}, **pod("Never", RUNNING)}
    api.put(f"{PODS}/a", theirs)
    looks = 0

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        assert not any(one.startswith("DELETE") for one in api.asked)
        if looks == 3:
            api.put(f"{PODS}/a", {**theirs, **pod("Never", ended(0))})

    told: list[str] = []
    [tested] = await run_tests(api.cluster(), PLACE, 1, sleep, waits=told.append)
    assert (tested.passed, looks, told) == (True, 3, ["a"])


async def test_one_that_waits_for_somebody_who_is_gone_is_not_waited_for() -> None:
    api = Trials(hook("a"))
    api.states = {"a": [ended(0)]}
    left = {"name": "a", "annotations": {trying.BEGIN: "wait"}}
    api.put(f"{PODS}/a", {"metadata": left, **pod("Never", RUNNING)})

    async def sleep(_: float) -> None:
        raise AssertionError("nothing is waited for")

    assert [one.passed for one in await run_tests(api.cluster(), PLACE, 1, sleep)] == [True]


async def test_a_test_that_helm_test_by_hand_takes_the_place_of_is_run_again() -> None:
    api = Trials(hook("a"))
    api.states = {"a": [RUNNING, {}]}

    async def sleep(_: float) -> None:
        theirs = {"name": "a", "uid": "theirs"}
        api.put(f"{PODS}/a", {"metadata": theirs, **pod("Never", {"phase": "Succeeded"})})
        api.states = {"a": [ended(0)]}

    [tested] = await run_tests(api.cluster(), PLACE, 1, sleep)
    assert (tested.passed, api.made.count("a")) == (True, 2)


async def test_the_tests_of_a_release_that_goes_are_removed_and_nothing_else_of_their_names() -> None:
    api = Trials(hook("a"), hook("b"), hook("gone"), hook("settings", kind="ConfigMap"))
    marked = {"annotations": {"helm.sh/hook": "test"}}
    api.put(f"{PODS}/a", {"metadata": {"name": "a", **marked}})
    api.put(f"{PODS}/b", {"metadata": {"name": "b"}})
    await remove_hooks(api.cluster(), "shop", await hooks_of(api.cluster(), PLACE, 1))
    assert api.below(PODS) == ["b"]


async def test_whoever_readies_tests_tells_of_those_that_somebody_else_is_running() -> None:
    api = Trials(hook("a", manifest=WAITING))
    theirs = {"metadata": {"name": "a", "uid": "theirs"}, **pod("Never", RUNNING)}
    api.put(f"{PODS}/a", theirs)
    looked = asyncio.Event()

    async def sleep(_: float) -> None:
        looked.set()
        await asyncio.sleep(0)

    readying, told = Readying(api.cluster(), sleep), []
    readying.prepare(PLACE)
    await looked.wait()

    def waits(name: str) -> None:
        told.append(name)
        api.put(f"{PODS}/a", {**theirs, **pod("Never", ended(0))})

    assert set(await readying.of(PLACE.environment, 1, waits)) == {"a"}
    assert told == ["a"]
    await readying.close()


async def test_a_record_is_written_over_the_secret_that_was_read_and_pods_go_when_others_say_so() -> None:
    api = Trials(hook("a", "before-hook-creation", "hook-succeeded", manifest=WAITING))
    cluster, readying = await readied(api)
    api.states, api.logs = {"a": [RUNNING]}, {"a": "passed\n"}
    known = readying.tests(PLACE.environment, 1)
    assert known is not None
    assert readying.tests(PLACE.environment, 2) is None
    prepared = await readying.of(PLACE.environment, 1)
    kept: list[Any] = []

    async def keep(work: Any) -> None:
        kept.append(work)

    read = api.asked.count(f"GET {SECRETS}/{NAME}")
    await run_tests(cluster, PLACE, 1, no_sleep, prepared, known=known, cleans=keep)
    assert api.asked.count(f"GET {SECRETS}/{NAME}") == read
    assert api.phases() == {"a": "Succeeded"}
    assert api.below(PODS) == ["a"]
    [removal] = kept
    await removal
    assert api.below(PODS) == []


async def test_a_record_that_helm_wrote_meanwhile_is_read_again() -> None:
    api = Trials(hook("a", manifest=WAITING))
    cluster, readying = await readied(api)
    api.states, api.logs = {"a": [RUNNING]}, {"a": "passed\n"}
    known = readying.tests(PLACE.environment, 1)
    api.put(f"{SECRETS}/{NAME}", api.objects[f"{SECRETS}/{NAME}"])
    prepared = await readying.of(PLACE.environment, 1)
    await run_tests(cluster, PLACE, 1, no_sleep, prepared, known=known)
    assert api.phases() == {"a": "Succeeded"}
