"""What a deploy may do is asked for at once: in one summary, then exactly where that grants nothing."""

from typing import Any

import pytest
import yaml
from tests.unit.engines.kubernetes.api import NAMESPACES, PLACE, Api

from flaskship.engines.kubernetes.client import Rule
from flaskship.engines.kubernetes.engine import KubernetesEngine
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.permissions import (
    Missing,
    Permission,
    Permissions,
    manifest,
    wanted,
    wanted_of,
)
from flaskship.engines.kubernetes.resources import Resource

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
LOGS = Permission("", "pods", "log", "get")
DEPLOYMENTS = Resource("apps/v1", "Deployment", "deployments")
CLASSES = Resource("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", namespaced=False)
KINDS = {("apps/v1", "Deployment"): DEPLOYMENTS, ("scheduling.k8s.io/v1", "PriorityClass"): CLASSES}
ALL = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


def reviews(api: Api) -> int:
    return sum(one.endswith("selfsubjectaccessreviews") for one in api.asked)


async def refusal(api: Api) -> ForbiddenError:
    with pytest.raises(ForbiddenError) as refused:
        await KubernetesEngine(api.cluster(), [PLACE]).permit("dev", [WEB])
    return refused.value


def test_reads_and_writes_of_a_deploy_are_both_wanted() -> None:
    want = {str(one) for one in wanted([WEB], KINDS).needed}
    assert {"patch deployments.apps", "watch deployments.apps", "watch replicasets.apps"} <= want
    assert {"watch events", "watch pods", "list secrets", "watch secrets", "get namespaces"} <= want
    assert {"create leases.coordination.k8s.io", "list cronjobs.batch", "list configmaps"} <= want
    assert "watch ingresses.networking.k8s.io" not in want, "no manifest has one"


def test_what_a_deploy_can_do_without_is_wanted_for_what_it_shows() -> None:
    blind = wanted([WEB], KINDS).blind
    assert blind[LOGS] == "the last log lines of what fails"
    assert {"get pods/proxy", "create pods/portforward", "get pods/portforward", "patch pods"} <= {
        str(one) for one in blind
    }


async def test_somebody_who_may_do_everything_costs_one_request() -> None:
    api = Api()
    api.rules = [ALL]
    permissions, want = Permissions(api.cluster()), wanted([WEB], KINDS)
    assert (await permissions.missing(PLACE, want)).all == ()
    assert len(api.asked) == 1
    assert (await permissions.missing(PLACE, want)).all == ()
    assert len(api.asked) == 1, "what was granted is not asked again"


async def test_the_summary_alone_refuses_nothing() -> None:
    api = Api()
    assert (await Permissions(api.cluster()).missing(PLACE, wanted([WEB], KINDS))).all == ()
    assert reviews(api) > 30


async def test_what_has_no_namespace_is_asked_exactly() -> None:
    """A RoleBinding to a ClusterRole lists it among the namespace's rules and grants it not."""
    api = Api()
    api.rules, api.denied = [ALL], {("create", "priorityclasses")}
    document = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "a"}}
    missing = await Permissions(api.cluster()).missing(PLACE, wanted([document], KINDS))
    assert [str(one) for one in missing.needed] == ["create priorityclasses.scheduling.k8s.io"]


@pytest.mark.parametrize(
    ("rule", "granted"),
    [
        (ALL, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]}, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["*/log"]}, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, False),
        ({"verbs": ["list"], "apiGroups": [""], "resources": ["pods/log"]}, False),
        ({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["pods/log"]}, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"], "resourceNames": ["a"]}, False),
    ],
)
async def test_which_rules_grant_a_permission(rule: dict[str, Any], granted: bool) -> None:
    api = Api()
    api.rules = [rule]
    (read,) = await api.cluster().rules("shop")
    assert isinstance(read, Rule)
    assert LOGS.granted_by(read) is granted


async def test_all_that_is_missing_is_one_answer() -> None:
    api = Api()
    api.denied = {("watch", "pods"), ("get", "pods/log"), ("create", "deployments"), ("list", "secrets")}
    refused = await refusal(api)
    assert (refused.exit_code, refused.code) == (4, "ClusterForbids")
    assert refused.message == (
        "dev cannot be deployed to here: its user may not watch pods, get pods/log, list secrets, "
        "create deployments.apps in namespace shop"
    )
    assert not any(one.startswith(("PATCH", "PUT", "DELETE")) for one in api.asked)


def granted(role: dict[str, Any]) -> set[str]:
    return {
        f"{verb} {kind}{f'.{group}' if group else ''}"
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for kind in rule["resources"]
        for verb in rule["verbs"]
    }


async def test_the_role_that_is_told_grants_all_that_is_wanted_to_who_asked() -> None:
    api = Api()
    api.denied = {("watch", "pods"), ("list", "secrets"), ("watch", "secrets"), ("create", "deployments")}
    hint = str((await refusal(api)).hint)
    assert "all that a deploy of these values takes" in hint
    role, binding = yaml.safe_load_all(hint.partition(":\n")[2])
    assert (role["kind"], role["metadata"]) == ("Role", {"name": "flaskship-dev-apps", "namespace": "shop"})
    want = wanted([WEB], KINDS)
    assert granted(role) == {str(one) for one in (*want.needed, *want.blind)}
    assert binding["roleRef"]["name"] == "flaskship-dev-apps"
    assert binding["subjects"][0] == {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}


async def test_a_second_answer_takes_nothing_away_that_the_first_granted() -> None:
    """`kubectl apply` of a Role replaces its rules."""
    api = Api()
    api.denied = {("watch", "pods"), ("create", "deployments")}
    first = next(yaml.safe_load_all(str((await refusal(api)).hint).partition(":\n")[2]))
    api.denied = {("list", "secrets")}
    second = next(yaml.safe_load_all(str((await refusal(api)).hint).partition(":\n")[2]))
    assert granted(first) <= granted(second)
    assert {"watch pods", "create deployments.apps", "list secrets"} <= granted(second)


def test_a_service_account_is_bound_as_one_and_cluster_wide_kinds_by_a_cluster_role() -> None:
    reads = [
        Permission("scheduling.k8s.io", "priorityclasses", "", one, namespaced=False)
        for one in ("get", "patch")
    ]
    missing = Missing((reads[0],), (), (LOGS, *reads))
    role, binding = yaml.safe_load_all(manifest(PLACE, missing, "system:serviceaccount:ci:robot"))
    assert (role["kind"], role["metadata"]) == ("ClusterRole", {"name": "shop-flaskship-dev-apps"})
    assert role["rules"][0]["verbs"] == ["get", "patch"]
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}]


async def test_a_namespace_that_is_not_there_has_to_be_made_by_somebody() -> None:
    api = Api()
    del api.objects[f"{NAMESPACES}/shop"]
    api.denied = {("create", "namespaces"), ("watch", "pods")}
    want = await wanted_of(api.cluster(), PLACE, [WEB])
    missing = await Permissions(api.cluster()).missing(PLACE, want)
    assert [str(one) for one in missing.needed] == ["create namespaces", "watch pods"]
    made = list(yaml.safe_load_all(manifest(PLACE, missing, "jane")))
    assert [one["kind"] for one in made] == ["Namespace", "Role", "RoleBinding"]


async def test_what_only_shows_more_stops_nothing_and_is_told() -> None:
    api = Api()
    api.denied = {("get", "pods/log"), ("create", "pods"), ("get", "pods")}
    engine = KubernetesEngine(api.cluster(), [PLACE])
    await engine.permit("dev", [WEB])
    assert engine.remarks() == (
        "the release's own tests: its user may not create pods, get pods",
        "the last log lines of what fails: its user may not get pods/log",
    )
    assert engine.remarks() == ()
