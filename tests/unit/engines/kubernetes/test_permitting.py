"""Each command that writes is told all that it lacks, in its own words and with a Role of its own."""

import pytest
import yaml
from tests.unit.engines.kubernetes.api import PLACE, SECRETS, Api

from flaskship.engines.base import Doing
from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.model.release import Document

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
CANARY = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}}
LOCK = [("get", "leases"), ("create", "leases"), ("update", "leases")]


async def refusal(api: Api, doing: Doing, *documents: Document) -> ForbiddenError:
    with pytest.raises(ForbiddenError) as refused:
        await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", documents, doing)
    assert (refused.value.exit_code, refused.value.code) == (4, "ClusterForbids")
    assert not any(one.startswith(("PATCH", "PUT", "DELETE")) for one in api.asked)
    return refused.value


def missing(refused: ForbiddenError) -> set[str]:
    return set(refused.message.partition("may not ")[2].partition(" in namespace")[0].split(", "))


def role(refused: ForbiddenError) -> tuple[str, set[str]]:
    written = next(yaml.safe_load_all(str(refused.hint).partition(":\n")[2]))
    granted = {
        f"{verb} {kind}" for rule in written["rules"] for kind in rule["resources"] for verb in rule["verbs"]
    }
    return written["metadata"]["name"], granted


def denied(*lists: list[tuple[str, str]]) -> Api:
    api = Api()
    api.denied = {one for given in lists for one in given}
    return api


@pytest.mark.parametrize(
    ("doing", "says", "name"),
    [
        (Doing.DEPLOY, "dev cannot be deployed to here", "flaskship-dev-apps"),
        (Doing.ABORT, "dev cannot be aborted on here", "flaskship-dev-apps-abort"),
        (Doing.STEER, "dev cannot be steered on here", "flaskship-dev-apps-steer"),
        (Doing.REMOVE, "dev cannot be ended on here", "flaskship-dev-apps-down"),
        (Doing.PURGE, "dev cannot be ended on here", "flaskship-dev-apps-down"),
        (Doing.VERIFY, "dev cannot be verified on here", "flaskship-dev-apps-verify"),
    ],
)
async def test_what_takes_the_lock_lacks_all_of_it_at_once(doing: Doing, says: str, name: str) -> None:
    refused = await refusal(denied(LOCK, [("list", "pods")]), doing, WEB)
    assert refused.message.startswith(f"{says}: its user may not ")
    assert missing(refused) == {"list pods", *(f"{verb} {kind}.coordination.k8s.io" for verb, kind in LOCK)}
    assert role(refused)[0] == name, "applied over another's it would take from it"


async def test_a_pause_needs_no_lock_and_its_role_takes_none_away_from_a_restart() -> None:
    api = denied(LOCK)
    await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", [WEB], Doing.HOLD)
    api.denied |= {("patch", "deployments")}
    held = await refusal(api, Doing.HOLD, WEB)
    assert "create leases.coordination.k8s.io" in missing(held)
    assert role(held) == role(await refusal(api, Doing.STEER, WEB))


async def test_a_role_inside_of_the_namespace_is_enough_to_read_it() -> None:
    refused = await refusal(denied([("get", "namespaces"), ("patch", "deployments")]), Doing.STEER, WEB)
    written = list(yaml.safe_load_all(str(refused.hint).partition(":\n")[2]))
    assert [one["kind"] for one in written] == ["Role", "RoleBinding"]
    assert "get namespaces" in role(refused)[1]


async def test_an_abort_takes_a_deploy_and_the_word_to_the_controller_of_a_rollout() -> None:
    api = denied([("patch", "rollouts/status")])
    await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", [WEB], Doing.ABORT)
    refused = await refusal(api, Doing.ABORT, CANARY)
    assert missing(refused) == {"patch rollouts/status.argoproj.io"}
    api.denied = {("patch", "deployments")}
    assert missing(await refusal(api, Doing.ABORT, WEB)) == {"patch deployments.apps"}


async def test_only_a_purge_needs_the_data_and_both_ask_for_one_role() -> None:
    api = denied([("delete", "persistentvolumeclaims")])
    await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", [WEB], Doing.REMOVE)
    purging = await refusal(api, Doing.PURGE, WEB)
    assert missing(purging) == {"delete persistentvolumeclaims"}
    api.denied |= {("delete", "deployments")}
    ending = await refusal(api, Doing.REMOVE, WEB)
    assert missing(ending) == {"delete persistentvolumeclaims", "delete deployments.apps"}
    assert role(purging) == role(ending)


async def test_what_ends_is_what_the_newest_revision_has_and_the_files_say() -> None:
    api = denied([("delete", "services"), ("delete", "deployments"), ("delete", "pods")])
    api.helm(1, "deployed", manifest="apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n")
    assert missing(await refusal(api, Doing.REMOVE)) == {"delete services", "delete pods"}
    both = {"delete services", "delete pods", "delete deployments.apps"}
    assert missing(await refusal(api, Doing.REMOVE, WEB)) == both


def with_tests(api: Api, *kinds: str) -> Api:
    api.helm(1, "deployed")
    path = f"{SECRETS}/sh.helm.release.v1.dev-apps.v1"
    content = storage.content_of(api.objects[path])
    content["hooks"] = [
        {
            "name": "web-test",
            "kind": kind,
            "events": ["test"],
            "manifest": f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: web-test\n",
        }
        for kind in kinds
    ]
    api.objects[path]["data"] = {"release": storage.encoded(content)}
    return api


async def test_verify_takes_what_its_tests_take_and_tells_the_way_without() -> None:
    api = with_tests(
        denied([("create", "pods"), ("update", "secrets"), ("create", "pods/portforward")]), "Pod"
    )
    refused = await refusal(api, Doing.VERIFY)
    assert missing(refused) == {"create pods", "update secrets", "create pods/portforward"}
    assert str(refused.hint).startswith(
        "without the release's own tests: flaskship verify dev --no-tests; or save"
    )
    await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", (), Doing.JUDGE)
    api.denied |= {("list", "pods")}
    assert "--no-tests" not in str((await refusal(api, Doing.VERIFY)).hint), "that takes more, too"
    assert role(await refusal(api, Doing.VERIFY)) == role(await refusal(api, Doing.JUDGE))


async def test_verify_takes_only_the_kinds_of_its_tests_and_pods_where_they_are_not_seen() -> None:
    api = with_tests(denied([("create", "pods")]), "ConfigMap")
    await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", (), Doing.VERIFY)
    api.denied = {("create", "configmaps")}
    assert missing(await refusal(api, Doing.VERIFY)) == {"create configmaps"}
    plain = denied([("create", "pods")])
    await KubernetesEngine(plain.cluster(), [PLACE]).permit("dev", (), Doing.VERIFY)
