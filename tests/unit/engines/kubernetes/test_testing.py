"""A release's tests on a cluster: which run together, what stops them, and what Helm's record then says."""

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE, SECRETS, Api

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes import trying
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.connection import Connection
from flaskship.engines.kubernetes.endings import Ending, job_ending, pod_ending
from flaskship.engines.kubernetes.readying import Readying
from flaskship.engines.kubernetes.testing import hooks_of, run_tests
from flaskship.engines.kubernetes.trying import remove_hooks

PODS = "/api/v1/namespaces/shop/pods"
JOBS = "/apis/batch/v1/namespaces/shop/jobs"
STUCK = "ImagePullBackOff"
NAME = "sh.helm.release.v1.dev-apps.v1"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  restartPolicy: Never
  containers: [{name: answers, image: i}]
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: NAME}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
"""
SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME}
"""
MANIFESTS = {"Pod": POD, "Job": JOB, "ConfigMap": SETTINGS}


WAITING = """
apiVersion: v1
kind: Pod
metadata: {name: NAME, annotations: {flaskship.dev/begin: now, flaskship.dev/last-line: passed}}
spec:
  restartPolicy: Never
  containers: [{name: answers, image: i}]
"""


def hook(
    name: str,
    *policies: str,
    weight: int = 0,
    kind: str = "Pod",
    event: str = "test",
    manifest: str = "",
) -> dict[str, Any]:
    manifest = (manifest or MANIFESTS[kind]).replace("NAME", name)
    found = {"name": name, "kind": kind, "events": [event], "manifest": manifest, "last_run": {"phase": ""}}
    # Helm leaves out what is nothing.
    return (
        found | ({"weight": weight} if weight else {}) | ({"delete_policies": policies} if policies else {})
    )


def ended(code: int) -> dict[str, Any]:
    """A pod's state when its container has ended, a second before its phase says so."""
    return {
        "phase": "Running",
        "containerStatuses": [{"name": "answers", "state": {"terminated": {"exitCode": code}}}],
    }


RUNNING = {"phase": "Running", "containerStatuses": [{"name": "answers", "state": {"running": {}}}]}


class Trials(Api):
    """Helm's storage with hooks; a watch of an object tells the states that were laid out for its name."""

    def __init__(self, *hooks: Mapping[str, Any]) -> None:
        super().__init__()
        self.logs: dict[str, str] = {}
        self.states: dict[str, Sequence[Mapping[str, Any]]] = {}
        self.made: list[str] = []
        self.before_any_ends: set[str] = set()
        content = {"name": "dev-apps", "version": 1, "info": {"status": "deployed"}, "hooks": list(hooks)}
        packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
        labels = {"owner": "helm", "name": "dev-apps", "version": "1", "status": "deployed"}
        self.put(
            f"{SECRETS}/{NAME}", {"metadata": {"name": NAME, "labels": labels}, "data": {"release": packed}}
        )

    def cluster(self) -> Cluster:
        async def answered(request: httpx2.Request) -> httpx2.Response:
            await asyncio.sleep(0)  # as a network lets others go on
            if request.url.params.get("watch"):
                async with asyncio.timeout(10):
                    while not self.before_any_ends <= set(self.made):
                        await asyncio.sleep(0)
            return self.answer(request)

        session = httpx2.AsyncClient(transport=httpx2.MockTransport(answered))
        return Cluster(Connection("here", "https://api:6443", session))

    def phases(self) -> dict[str, str]:
        """What Helm's record says of each hook."""
        packed = base64.b64decode(base64.b64decode(self.objects[f"{SECRETS}/{NAME}"]["data"]["release"]))
        return {one["name"]: one["last_run"]["phase"] for one in json.loads(gzip.decompress(packed))["hooks"]}

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("/log"):
            return httpx2.Response(200, text=self.logs[path.split("/")[-2]])
        if request.url.params.get("watch"):
            self.made.append("a look")
            name = request.url.params["fieldSelector"].removeprefix("metadata.name=")
            lines = [json.dumps(self._event(f"{path}/{name}", one)) for one in self.states.get(name, ())]
            return httpx2.Response(200, text="".join(f"{line}\n" for line in lines))
        if request.method == "POST" and path in (PODS, JOBS):
            self.made.append(json.loads(request.content)["metadata"]["name"])
        return super().answer(request)

    def _event(self, path: str, state: Mapping[str, Any]) -> dict[str, Any]:
        if not state:
            return {"type": "DELETED", "object": self.objects.pop(path)}
        return {"type": "MODIFIED", "object": self.put(path, {**self.objects[path], "status": state})}


async def go(api: Trials) -> list[tuple[str, bool, str]]:
    return [(one.name, one.passed, one.message) for one in await tried(api)]


async def tried(api: Trials) -> tuple[Trial, ...]:
    async def sleep(_: float) -> None:
        # What the last run left behind goes while it is waited for.
        for path in [path for path in api.objects if path.startswith(PODS)]:
            del api.objects[path]

    return await run_tests(api.cluster(), PLACE, 1, sleep)


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

    [tested] = await run_tests(api.cluster(), PLACE, 1, sleep)
    assert (tested.passed, looks) == (True, 3)


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


def pod(restart: str, status: Mapping[str, Any], containers: int = 1) -> dict[str, Any]:
    return {"spec": {"restartPolicy": restart, "containers": [{}] * containers}, "status": status}


@pytest.mark.parametrize(
    ("restart", "containers", "status", "ending"),
    [
        ("Never", 1, {}, None),
        ("Never", 1, RUNNING, None),
        ("Never", 1, ended(0), Ending(True)),
        ("Never", 2, ended(0), None),
        ("Never", 2, ended(2), Ending(False, "its container answers ended with exit code 2")),
        ("OnFailure", 1, ended(2), None),
        ("OnFailure", 1, ended(0), None),
        ("OnFailure", 1, {**ended(0), "phase": "Succeeded"}, Ending(True)),
        ("Never", 1, {"phase": "Failed", "message": "Pod was evicted"}, Ending(False, "Pod was evicted")),
        ("Never", 1, {"phase": "Failed"}, Ending(False, "its pod failed")),
        (
            "Never",
            1,
            {"initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 1}}}]},
            Ending(False, "its container i ended with exit code 1"),
        ),
        (
            "Never",
            1,
            {"containerStatuses": [{"name": "a", "image": "x", "state": {"waiting": {"reason": STUCK}}}]},
            Ending(False, "its container a does not start: ImagePullBackOff: x"),
        ),
        ("Never", 1, {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}, None),
    ],
)  # fmt: skip
def test_how_a_pod_ends(restart: str, containers: int, status: dict[str, Any], ending: Ending | None) -> None:
    assert pod_ending(pod(restart, status, containers)) == ending


@pytest.mark.parametrize(
    ("conditions", "ending"),
    [
        ([], None),
        ([{"type": "Complete", "status": "True"}], Ending(True)),
        ([{"type": "Failed", "status": "False"}], None),
        ([{"type": "Suspended", "status": "True"}], None),
        ([{"type": "Failed", "status": "True", "reason": "Late"}], Ending(False, "Late")),
    ],
)  # fmt: skip
def test_how_a_job_ends(conditions: list[dict[str, str]], ending: Ending | None) -> None:
    assert job_ending({"status": {"conditions": conditions}}) == ending
