"""A release's tests on a cluster: which run together, what stops them, and what Helm's record then says."""

import asyncio

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE
from tests.unit.engines.kubernetes.trials import JOBS, PODS, RUNNING, Trials, ended, go, hook, tried

from flaskship.engines.kubernetes import trying
from flaskship.engines.kubernetes.testing import hooks_of, run_tests


async def test_the_tests_are_told_in_helms_order_and_no_other_hook() -> None:
    api = Trials(hook("b"), hook("late", weight=5), hook("a"), hook("migrate", event="pre-upgrade"))
    assert [one.name for one in await hooks_of(api.cluster(), PLACE, 1)] == ["a", "b", "late"]
    assert await hooks_of(api.cluster(), PLACE, 7) == ()


async def test_those_of_one_weight_run_together_and_helms_record_tells_of_each() -> None:
    api = Trials(hook("a", "hook-succeeded"), hook("b"), hook("late", weight=5))
    api.before_any_ends = {"a", "b"}
    api.states = {"a": [RUNNING, ended(0)], "b": [ended(0)], "late": [ended(0)]}
    assert await go(api) == [("a", True, "passed"), ("b", True, "passed"), ("late", True, "passed")]
    assert api.phases() == {"a": "Succeeded", "b": "Succeeded", "late": "Succeeded"}
    assert api.below(PODS) == ["b", "late"], "only what asks for it is removed"


async def test_none_is_made_where_there_are_none() -> None:
    api = Trials(hook("a", event="post-install"))
    assert await go(api) == []
    assert api.made == []


async def test_a_weight_that_fails_is_the_last_and_each_failure_brings_the_end_of_its_log() -> None:
    api = Trials(hook("a"), hook("b", "hook-failed"), hook("late", weight=1))
    api.states = {"a": [ended(0)], "b": [RUNNING, ended(3)]}
    api.logs["b"] = "asked /health\n404 not found\n"
    tested = await tried(api)
    assert [(one.name, one.passed) for one in tested] == [("a", True), ("b", False)]
    assert tested[1].message == "its container answers ended with exit code 3"
    assert tested[1].log == ("asked /health", "404 not found")
    assert api.phases() == {"a": "Succeeded", "b": "Failed", "late": ""}
    assert api.below(PODS) == ["a"]


@pytest.mark.parametrize(("kind", "path"), [("Pod", PODS), ("Job", JOBS)])
async def test_one_that_could_not_be_made_did_not_run(kind: str, path: str) -> None:
    api = Trials(hook("a", kind=kind))
    plain = api.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        if (request.method, request.url.path) == ("POST", path):
            return httpx2.Response(403, json={"message": "exceeded quota: tight", "reason": "Forbidden"})
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    [tested] = await tried(api)
    assert (tested.passed, tested.ran) == (False, False)
    assert "exceeded quota: tight" in tested.message


async def test_what_the_last_run_left_behind_goes_first() -> None:
    api = Trials(hook("a"))
    api.states = {"a": [ended(0)]}
    api.put(f"{PODS}/a", {"metadata": {"name": "a"}, "status": ended(1)})
    plain = api.answer
    api.answer = lambda request: (  # type: ignore[method-assign]
        # A deletion takes its time: the object is there a while longer.
        httpx2.Response(200, json={}) if request.method == "DELETE" else plain(request)
    )
    assert await go(api) == [("a", True, "passed")]


async def test_what_nobody_may_replace_is_in_the_way() -> None:
    api = Trials(hook("a", "hook-succeeded"))
    api.put(f"{PODS}/a", {"metadata": {"name": "a"}})
    [tested] = await tried(api)
    assert (tested.passed, tested.ran) == (False, False)
    assert "already exists" in tested.message


async def test_a_test_that_somebody_deletes_has_failed() -> None:
    api = Trials(hook("a"))
    api.states = {"a": [RUNNING, {}]}
    api.logs["a"] = ""
    assert await go(api) == [("a", False, "somebody deleted it before it ended")]


async def test_a_test_that_does_not_end_is_told_with_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "SECONDS", 0.05)
    api = Trials(hook("a"))
    unbound = {
        "type": "PodScheduled",
        "status": "False",
        "message": "0/1 nodes are available: 1 Insufficient cpu",
    }
    api.states = {"a": [{"phase": "Pending", "conditions": [unbound]}]}
    api.logs["a"] = ""
    [(_, passed, message)] = await go(api)
    assert not passed
    assert message == "it did not end within 0.05 s: 0/1 nodes are available: 1 Insufficient cpu"


async def test_a_test_whose_end_nobody_waits_for_any_more_is_removed() -> None:
    api = Trials(hook("a"))
    testing = asyncio.ensure_future(run_tests(api.cluster(), PLACE, 1))
    while "a look" not in api.made:
        await asyncio.sleep(0)
    testing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await testing
    assert api.below(PODS) == []


async def test_a_job_is_a_test_and_what_only_has_to_be_there_is_made() -> None:
    api = Trials(hook("a", kind="Job"), hook("settings", kind="ConfigMap", weight=-1))
    api.states = {"a": [{"conditions": [{"type": "Failed", "status": "True", "message": "it has no luck"}]}]}
    api.put(f"{PODS}/a-1", {"metadata": {"name": "a-1", "labels": {"job-name": "a"}}})
    api.logs["a-1"] = "no luck"
    tested = await tried(api)
    assert [(one.name, one.passed, one.message) for one in tested] == [
        ("settings", True, "made"),
        ("a", False, "it has no luck"),
    ]
    assert tested[1].log == ("no luck",)
