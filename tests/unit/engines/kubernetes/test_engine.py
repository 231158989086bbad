"""The engine's decisions, with an API server in memory and a Helm that writes there what Helm would."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.engines.kubernetes.api import LEASES, NAMESPACES, PLACE, SECRETS, Api

from flaskship.engines.base import Lock
from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.engines.kubernetes.helm import HelmFailure, WriteUnansweredError
from flaskship.engines.kubernetes.observing.ownership import HANDING_OVER
from flaskship.engines.kubernetes.targets import Targets
from flaskship.model.errors import ConfigurationError, LockedError, PreflightError
from flaskship.model.release import ChartSource, Provenance, Release
from flaskship.model.verdict import Outcome, Receipt, Verdict

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
DIGEST = "sha256:" + "1" * 64
SUCCESS = Verdict(Outcome.SUCCESSFUL)


class Helm:
    """Writes revisions as Helm does, or refuses before or after it has written one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.requests: list[dict[str, Any]] = []
        self.refuses = ""
        self.dies = ""
        self.others = 0
        self.looks: Callable[[Mapping[str, Any]], None] = lambda request: None

    async def __call__(
        self, context: str, namespace: str, action: str, request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        self.requests.append({"action": action, "namespace": namespace, **request})
        self.looks(request)
        known = [
            int(name.rpartition(".v")[2]) for name in self.api.below(SECRETS) if name.startswith("sh.helm")
        ]
        number = max(known, default=0) + 1
        if self.others:
            self.others -= 1
            self.api.helm(number, "deployed", mark="of a command that was killed")
            raise HelmFailure("HelmReleaseError", "another operation is in progress")
        if self.dies == "before":
            raise WriteUnansweredError(-9, "it said nothing")
        if self.refuses == "before":
            raise HelmFailure("HelmReleaseError", "Service web exists and is not ours")
        if action == "uninstall":
            self.api.helm(number - 1, "uninstalled", mark="m")
            return {}
        mark = (request.get("labels") or {}).get(storage.MARK) or self._mark(request.get("revision"))
        self.api.helm(number, "failed" if self.refuses else "deployed", mark=mark, manifest=json.dumps(WEB))
        if self.dies:
            self.api.helm(number, self.dies, mark=mark, manifest=json.dumps(WEB))
            raise WriteUnansweredError(-9, "it said nothing")
        if self.refuses:
            raise HelmFailure("HelmReleaseError", "admission denied")
        return {"revision": number}

    def _mark(self, number: int | None) -> str:
        labels = self.api.objects[f"{SECRETS}/sh.helm.release.v1.dev-apps.v{number}"]["metadata"]["labels"]
        return str(labels.get(storage.MARK, ""))


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def helm(api: Api) -> Helm:
    return Helm(api)


@pytest.fixture
def engine(api: Api, helm: Helm) -> KubernetesEngine:
    time = Time()
    one = KubernetesEngine(api.cluster(), [PLACE], helm=helm, clock=time, sleep=time.sleep)

    async def held(place: object, lock: Lock) -> None:
        if lock.token != "held":
            raise LockedError("not yours")

    one._leases.check = held  # type: ignore[method-assign, assignment]
    return one


LOCK = Lock("dev", "held")


CHART = ChartSource("/chart", {"a": 1})


def release(reason: str = "", chart: ChartSource | None = CHART) -> Release:
    image = f"demo@{DIGEST}"
    pod = {"spec": {"containers": [{"name": "web", "image": image}]}}
    web = {**WEB, "spec": {"template": pod}}
    return Release("dev", "dev-apps", "shop", (web,), Provenance("grace", reason), chart=chart)


async def test_an_apply_writes_who_before_helm_writes_what(
    engine: KubernetesEngine, helm: Helm, api: Api
) -> None:
    assert await engine.apply(release("first"), LOCK) == 1
    (request,) = helm.requests
    assert (request["action"], request["install"], request["chart"]) == ("apply", True, "/chart")
    assert request["description"] == "grace: first"
    (revision,) = await engine.history("dev")
    assert (revision.provenance.reason, revision.images, revision.outcome) == ("first", {"web": DIGEST}, None)
    record = next(i for i, one in enumerate(api.asked) if "flaskship.revision" in one)
    assert not any("sh.helm" in one and one.startswith("P") for one in api.asked[:record])


async def test_what_was_looked_at_ahead_is_not_looked_at_again(
    engine: KubernetesEngine, api: Api, helm: Helm
) -> None:
    wanted = release()
    engine.look_ahead(wanted)
    assert await engine.apply(wanted, LOCK) == 1
    assert api.asked.count("GET /version") == 1
    engine.look_ahead(release())
    for _ in range(40):
        await asyncio.sleep(0)
    await engine.apply(release("another"), LOCK)
    assert api.asked.count("GET /version") == 3, "what was looked at was another release"


async def test_what_somebody_wrote_since_makes_the_look_ahead_old(
    engine: KubernetesEngine, api: Api, helm: Helm
) -> None:
    wanted = release()
    engine.look_ahead(wanted)
    for _ in range(40):
        await asyncio.sleep(0)
    api.helm(1, "deployed", mark="of another")
    assert await engine.apply(wanted, LOCK) == 2
    assert api.asked.count("GET /version") == 2


async def test_what_the_look_ahead_found_is_told_by_the_apply(engine: KubernetesEngine, api: Api) -> None:
    api.version = "v1.20.0"
    wanted = release()
    engine.look_ahead(wanted)
    with pytest.raises(PreflightError, match=r"runs Kubernetes v1\.20\.0"):
        await engine.apply(wanted, LOCK)
    engine.look_ahead(wanted)
    await engine.close()


async def test_the_second_is_an_upgrade_and_a_removed_one_is_installed_again(
    engine: KubernetesEngine, helm: Helm
) -> None:
    await engine.apply(release(), LOCK)
    assert await engine.apply(release(), LOCK) == 2
    assert helm.requests[-1]["install"] is False
    await engine.delete("dev", LOCK)
    assert await engine.apply(release(), LOCK) == 3
    assert (helm.requests[-1]["install"], helm.requests[-1]["replace"]) == (True, True)


async def test_what_is_recalled_and_applied_is_helms_own_rollback(
    engine: KubernetesEngine, helm: Helm
) -> None:
    await engine.apply(release("first"), LOCK)
    await engine.apply(release("second"), LOCK)
    old = await engine.recall("dev", 1)
    assert old.provenance.reason == "first"
    assert await engine.apply(old, LOCK) == 3
    assert helm.requests[-1]["action"] == "rollback"
    assert helm.requests[-1]["revision"] == 1
    assert [one.provenance.actor for one in await engine.history("dev")] == ["grace"] * 3


async def test_a_refusal_before_anything_was_written_changes_nothing(
    engine: KubernetesEngine, helm: Helm
) -> None:
    helm.refuses = "before"
    with pytest.raises(PreflightError, match="Service web exists and is not ours"):
        await engine.apply(release(), LOCK)
    assert await engine.history("dev") == ()


async def test_a_refusal_in_the_middle_is_a_failed_revision_with_helms_words(
    engine: KubernetesEngine, helm: Helm, api: Api
) -> None:
    helm.refuses = "after"
    assert await engine.apply(release(), LOCK) == 1
    target = await Targets(api.cluster()).find(PLACE)
    assert target.release is not None
    assert target.release.problem is not None
    assert target.release.problem.code == "ReleaseRefused"
    assert not target.settled
    assert target.expected == (("Deployment", "web"),)


async def test_a_helm_that_is_killed_in_the_middle_is_a_failed_revision_with_a_cause_of_its_own(
    engine: KubernetesEngine, helm: Helm, api: Api
) -> None:
    await engine.apply(release(), LOCK)
    helm.dies = "pending-upgrade"
    assert await engine.apply(release(), LOCK) == 2
    assert [one.status for one in await storage.revisions(api.cluster(), PLACE)] == ["deployed", "failed"]
    target = await Targets(api.cluster()).find(PLACE)
    assert target.release is not None
    assert target.release.problem is not None
    assert target.release.problem.code == "WriteUnanswered"
    assert "signal 9" in target.release.problem.message


async def test_a_helm_that_dies_after_its_last_word_to_the_cluster_has_written_the_revision(
    engine: KubernetesEngine, helm: Helm, api: Api
) -> None:
    helm.dies = "deployed"
    assert await engine.apply(release(), LOCK) == 1
    assert (await Targets(api.cluster()).find(PLACE)).settled


async def test_a_helm_that_dies_before_it_wrote_is_a_failure_and_no_missing_tool(
    engine: KubernetesEngine, helm: Helm
) -> None:
    helm.dies = "before"
    with pytest.raises(WriteUnansweredError, match="no revision was written") as failed:
        await engine.apply(release(), LOCK)
    assert (failed.value.exit_code, failed.value.code) == (1, "WriteUnanswered")


async def test_a_helm_that_dies_while_it_removes_a_release_is_a_failure(
    engine: KubernetesEngine, helm: Helm
) -> None:
    await engine.apply(release(), LOCK)
    helm.dies = "before"
    with pytest.raises(WriteUnansweredError) as failed:
        await engine.delete("dev", LOCK)
    assert failed.value.hint == "do it again, which ends what it began: flaskship down dev"


async def test_a_revision_whose_writer_was_killed_failed_in_our_history_too(
    engine: KubernetesEngine, api: Api
) -> None:
    await engine.apply(release(), LOCK)
    mark = api.objects[f"{SECRETS}/sh.helm.release.v1.dev-apps.v1"]["metadata"]["labels"][storage.MARK]
    api.helm(1, "pending-install", mark=mark)
    await engine.apply(release(), LOCK)
    killed = (await engine.history("dev"))[0]
    assert killed.outcome is Outcome.FAILED
    assert killed.verdict is not None
    (cause,) = killed.verdict.causes
    assert cause.code == "WriteUnanswered"
    assert "its writer was killed" in cause.message


async def test_a_revision_of_plain_helm_is_told_without_a_name(engine: KubernetesEngine, api: Api) -> None:
    await engine.apply(release("ours"), LOCK)
    mark = api.objects[f"{SECRETS}/sh.helm.release.v1.dev-apps.v1"]["metadata"]["labels"][storage.MARK]
    api.helm(2, "deployed", mark=mark)
    assert [one.provenance.actor for one in await engine.history("dev")] == ["grace", "helm"]


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-install"])
async def test_what_a_killed_writer_left_is_waited_for_and_then_settled(
    engine: KubernetesEngine, api: Api, status: str
) -> None:
    api.helm(1, status)
    assert await engine.apply(release(), LOCK) == 2
    found = await storage.revisions(api.cluster(), PLACE)
    assert [one.status for one in found] == ["failed", "deployed"]


async def test_whoever_wrote_at_the_same_moment_is_waited_for_and_followed(
    engine: KubernetesEngine, helm: Helm
) -> None:
    helm.others = 1
    assert await engine.apply(release("ours"), LOCK) == 2
    assert [one.provenance.actor for one in await engine.history("dev")] == ["helm", "grace"]


async def test_somebody_who_writes_again_and_again_is_told(engine: KubernetesEngine, helm: Helm) -> None:
    helm.others = 9
    with pytest.raises(LockedError, match="takes no lock"):
        await engine.apply(release(), LOCK)


async def test_a_verdict_and_a_receipt_are_kept(engine: KubernetesEngine) -> None:
    number = await engine.apply(release(), LOCK)
    receipt = Receipt(9, 0, 1.0, 2.0, 3.0)
    await engine.conclude("dev", number, SUCCESS, receipt, LOCK)
    (revision,) = await engine.history("dev")
    assert (revision.outcome, revision.receipt) == (Outcome.SUCCESSFUL, receipt)


async def test_nothing_is_written_without_the_lock(engine: KubernetesEngine, helm: Helm) -> None:
    for write in (
        engine.apply(release(), Lock("dev", "other")),
        engine.delete("dev", Lock("dev", "other")),
        engine.conclude("dev", 1, SUCCESS, None, Lock("dev", "other")),
    ):
        with pytest.raises(LockedError):
            await write
    assert helm.requests == []


async def test_a_release_without_a_chart_is_refused(engine: KubernetesEngine) -> None:
    with pytest.raises(ConfigurationError, match="no chart"):
        await engine.apply(release(chart=None), LOCK)


async def test_what_is_not_there_is_named(engine: KubernetesEngine) -> None:
    with pytest.raises(ConfigurationError, match="'prod'"):
        await engine.history("prod")
    with pytest.raises(ConfigurationError, match="no revision 7"):
        await engine.recall("dev", 7)
    with pytest.raises(ConfigurationError, match="revision 7"):
        await engine.apply(release(chart=ChartSource(revision=7)), LOCK)


async def test_a_lock_makes_the_namespace_with_the_labels_of_the_restricted_standard(api: Api) -> None:
    del api.objects[f"{NAMESPACES}/shop"]
    engine = KubernetesEngine(api.cluster(), [PLACE])
    lock = await engine.acquire("dev", "grace", 0)
    labels = api.objects[f"{NAMESPACES}/shop"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert api.below(LEASES) == ["flaskship-dev-apps"]
    await engine.release(lock)
    await engine.close()


async def test_a_mixture_of_revisions_is_an_upgrade_with_a_chart_of_its_own(
    engine: KubernetesEngine, api: Api, helm: Helm
) -> None:
    await engine.apply(release(), LOCK)
    await engine.apply(release(), LOCK)
    seen: list[str] = []
    helm.looks = lambda request: seen.append((Path(request["chart"]) / "objects.yaml").read_text())
    number = await engine.apply(release("back", ChartSource(revision=2, mixture=True)), LOCK)
    request = helm.requests[-1]
    assert (number, request["action"], request["values"]) == (3, "apply", {"environment": "dev"})
    [document] = [one for one in yaml.safe_load_all(seen[0]) if one]
    assert document == release().documents[0]
    assert not Path(request["chart"]).exists()
    assert (await engine.history("dev"))[-1].provenance.reason == "back"


ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web"


def left_paused(api: Api) -> Release:
    """A Rollout that a killed command paused to delete it, and a release that has it again."""
    wanted = {**WEB, "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    metadata = {"name": "web", "annotations": {HANDING_OVER: "true"}}
    api.put(ROLLOUT, {**wanted, "metadata": metadata, "spec": {"paused": True, "replicas": 1}})
    return Release("dev", "dev-apps", "shop", (wanted,), Provenance("grace", "back"), chart=CHART)


@pytest.mark.parametrize("refuses", ["", "after"])
async def test_our_own_pause_of_a_rollout_that_is_wanted_again_is_lifted_once_helm_has_written(
    engine: KubernetesEngine, helm: Helm, api: Api, refuses: str
) -> None:
    again, seen = left_paused(api), []
    helm.refuses = refuses
    helm.looks = lambda request: seen.append(api.objects[ROLLOUT]["spec"]["paused"])
    assert await engine.apply(again, LOCK) == 1
    assert seen == [True], "or Argo leads its Services back to the pods of the template before"
    assert api.objects[ROLLOUT]["spec"] == {"replicas": 1}
    assert api.objects[ROLLOUT]["metadata"]["annotations"] == {}


async def test_our_own_pause_stays_known_as_that_where_helm_writes_nothing(
    engine: KubernetesEngine, helm: Helm, api: Api
) -> None:
    again = left_paused(api)
    helm.refuses = "before"
    with pytest.raises(PreflightError):
        await engine.apply(again, LOCK)
    assert api.objects[ROLLOUT]["spec"]["paused"]
    helm.refuses = ""
    await engine.apply(again, LOCK)
    assert "paused" not in api.objects[ROLLOUT]["spec"]
