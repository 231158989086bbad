"""Tests that a command left waiting when it was killed: whoever takes its lock over removes them."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import LEASES, PLACE, Api
from tests.unit.engines.kubernetes.trials import PODS, RUNNING, WAITING, Trials, ended, hook

from flaskship.engines.kubernetes import holder, trying
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.engines.kubernetes.lease import DURATION, PROCESS
from flaskship.engines.kubernetes.left_behind import remove_left_behind
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.readying import Readying

LEASE = f"{LEASES}/flaskship-dev-apps"
NOTE = "test a waits for a command that is gone: it ends by itself, or with the next command that writes"


async def never(_: float) -> None:
    await asyncio.Event().wait()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def engine_of(api: Api, clock: Clock | None = None) -> KubernetesEngine:
    return KubernetesEngine(api.cluster(), [PLACE], clock=clock or Clock(), sleep=never)


def waiting(api: Api, name: str, release: str = "dev-apps", begin: str = "wait", **status: Any) -> None:
    marks = {trying.BEGIN: begin, trying.RELEASE: release, trying.HOOK: "test"}
    metadata = {"name": name, "uid": f"uid-{name}", "annotations": marks}
    api.put(f"{PODS}/{name}", {"metadata": metadata, "status": status or RUNNING})


async def killed_in_mid_rollout(api: Api) -> None:
    """A command that had the lock and a test that waits, and whose process ended without a word."""
    engine = engine_of(api)
    await engine.acquire("dev", "grace: deploy", 0)
    readying = Readying(api.cluster(), never)
    readying.prepare(PLACE)
    await readying.of("dev", 1)
    assert api.below(PODS) == ["a"]


async def test_whoever_takes_the_lock_of_a_killed_command_removes_its_tests_before_it_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = Trials(hook("a", manifest=WAITING))
    await killed_in_mid_rollout(api)
    waiting(api, "theirs", release="other-apps")
    waiting(api, "at-work", begin="now")
    waiting(api, "ended-by-itself", **ended(1))
    api.put(f"{PODS}/web-1", {"metadata": {"name": "web-1"}})
    monkeypatch.setattr(holder, "alive", lambda identity: False)
    engine, graces, plain = engine_of(api), [], api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            graces.append(json.loads(request.content)["gracePeriodSeconds"])
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    lock = await engine.acquire("dev", "ada: rollback", 0)
    assert sorted(api.below(PODS)) == ["at-work", "theirs", "web-1"]
    assert graces == [1, 1]
    assert lock.removed == ("a", "ended-by-itself")
    await engine.release(lock)
    await engine.close()


async def test_a_lock_that_was_given_back_or_is_new_leaves_every_pod_alone() -> None:
    api = Trials(hook("a", manifest=WAITING))
    waiting(api, "a")
    for _ in range(2):
        engine = engine_of(api)
        await engine.release(await engine.acquire("dev", "ada", 0))
        await engine.close()
    assert api.below(PODS) == ["a"]
    assert f"GET {PODS}" not in api.asked


@pytest.mark.parametrize("refused", ["GET", "DELETE"])
async def test_whoever_may_not_see_or_delete_them_has_the_lock_all_the_same(
    monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    api = Trials(hook("a", manifest=WAITING))
    await killed_in_mid_rollout(api)
    monkeypatch.setattr(holder, "alive", lambda identity: False)
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        httpx2.Response(403, json={"message": "no", "reason": "Forbidden"})
        if request.url.path.startswith(PODS) and request.method == refused
        else plain(request)
    )
    engine = engine_of(api)
    lock = await engine.acquire("dev", "ada", 0)
    assert api.objects[LEASE]["spec"]["holderIdentity"] == lock.token
    assert lock.removed == (), "nothing went, and nothing is told"
    await engine.close()


async def test_whoever_is_ended_while_it_removes_them_gives_the_lock_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = Trials(hook("a", manifest=WAITING))
    await killed_in_mid_rollout(api)
    monkeypatch.setattr(holder, "alive", lambda identity: False)
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            raise asyncio.CancelledError
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    engine = engine_of(api)
    with pytest.raises(asyncio.CancelledError):
        await engine.acquire("dev", "ada", 0)
    assert api.objects[LEASE]["spec"]["holderIdentity"] == ""
    await engine.close()


async def test_a_test_that_took_its_place_meanwhile_is_somebody_elses() -> None:
    api, uids = Trials(hook("a", manifest=WAITING)), []
    waiting(api, "a")
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            uids.append(json.loads(request.content)["preconditions"]["uid"])
            return httpx2.Response(409, json={"message": "another uid", "reason": "Conflict"})
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    assert await remove_left_behind(api.cluster(), PLACE) == ()
    assert uids == ["uid-a"]
    assert await remove_left_behind(api.cluster(), Place("dev", "other-apps", "shop")) == ()


async def test_status_tells_of_them_once_nobody_has_the_lock_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api, clock = Trials(hook("a", manifest=WAITING)), Clock()
    await killed_in_mid_rollout(api)
    waiting(api, "ended-by-itself", phase="Failed")
    engine = engine_of(api, clock)
    assert (await engine.observe("dev")).notes == (), "the run that made it lives"
    before = json.dumps(api.objects, sort_keys=True)
    api.asked.clear()
    monkeypatch.setattr(holder, "alive", lambda identity: False)
    assert (await engine.observe("dev")).notes == (NOTE,)
    assert json.dumps(api.objects, sort_keys=True) == before
    assert {one.partition(" ")[0] for one in api.asked} == {"GET"}
    await engine.close()


async def test_status_knows_a_holder_elsewhere_by_its_renewals() -> None:
    api = Trials(hook("a", manifest=WAITING))
    await killed_in_mid_rollout(api)
    api.objects[LEASE]["metadata"]["annotations"][PROCESS] = ""
    engine = engine_of(api)
    assert (await engine.observe("dev")).notes == ()
    api.objects[LEASE]["spec"]["renewTime"] = "2026-01-01T00:00:00.000000Z"
    assert api.objects[LEASE]["spec"]["leaseDurationSeconds"] == DURATION
    assert (await engine.observe("dev")).notes == (NOTE,)
    await engine.close()


async def test_status_of_an_environment_without_them_asks_for_no_lease() -> None:
    api = Trials(hook("a", manifest=WAITING))
    waiting(api, "at-work", begin="now")
    waiting(api, "theirs", release="other-apps")
    engine = engine_of(api)
    assert (await engine.observe("dev")).notes == ()
    assert f"GET {LEASE}" not in api.asked
    await engine.close()


async def test_status_of_whoever_may_not_see_leases_says_nothing_of_them() -> None:
    api = Trials(hook("a", manifest=WAITING))
    waiting(api, "a")
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        httpx2.Response(403, json={"message": "no", "reason": "Forbidden"})
        if request.url.path == LEASE
        else plain(request)
    )
    engine = engine_of(api)
    assert (await engine.observe("dev")).notes == ()
    await engine.close()
