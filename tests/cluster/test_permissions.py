"""What a user may not do is told all at once, on a real cluster, with the Role that grants it."""

from pathlib import Path

from tests.cluster.guests import make_guest
from tests.cluster.town import Town, said, untouched

EVERYTHING = {
    "apiGroups": ["*"],
    "resources": ["*"],
    "verbs": ["get", "list", "watch", "patch", "update", "delete"],
}
NOT_PODS = ["configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims"]
GROUPS = ["apps", "batch", "autoscaling", "policy", "networking.k8s.io", "coordination.k8s.io"]


async def test_a_user_without_rights_is_told_all_at_once_and_the_role_is_enough(
    town: Town, tmp_path: Path
) -> None:
    guest = await make_guest(town, tmp_path)
    try:
        refused = await guest.go("deploy")
        assert refused.code == 4
        assert refused.document["error"]["code"] == "ClusterForbids"
        for one in (
            "list secrets",
            "watch events",
            "get pods/log",
            "get pods/portforward",
            "create pods/portforward",
        ):
            assert one in refused.document["error"]["message"], one
        for one in ("patch deployments.apps", "watch replicasets.apps", "update leases.coordination.k8s.io"):
            assert one in refused.document["error"]["message"], one
        assert guest.token not in said(refused) + refused.progress
        assert await untouched(town)
        asked = {one["name"]: one for one in (await guest.go("doctor")).document["checks"]}
        assert asked["dev: permissions"]["result"] == "failed"
        hint = refused.document["error"]["hint"]
        assert asked["dev: permissions"]["advice"] == hint
        await guest.apply(hint.partition(":\n")[2])
        deployed = (await guest.go("deploy")).succeeded()
        assert "may not" not in deployed.progress
    finally:
        await guest.leave()


async def test_reads_that_are_missing_are_told_with_the_writes(town: Town, tmp_path: Path) -> None:
    guest = await make_guest(town, tmp_path)
    await guest.grant({**EVERYTHING, "resources": ["deployments", "services", "secrets"]})
    refused = await guest.go("deploy")
    assert refused.code == 4
    message = refused.document["error"]["message"]
    assert "watch events" in message
    assert "create services" in message
    assert "list secrets" not in message
    assert await untouched(town)


async def test_a_user_who_may_not_try_pods_deploys_and_is_told_what_was_not_checked(
    town: Town, tmp_path: Path
) -> None:
    guest = await make_guest(town, tmp_path)
    # What has no namespace is the only thing that cannot be granted inside of one.
    await guest.grant(
        EVERYTHING,
        {"apiGroups": [""], "resources": NOT_PODS, "verbs": ["create"]},
        {"apiGroups": GROUPS, "resources": ["*"], "verbs": ["create"]},
    )
    deployed = await guest.go("deploy")
    assert "not checked: Pod Security, LimitRanges and quotas" in deployed.progress, deployed
    assert "not checked: the release's own tests: its user may not create pods" in deployed.progress
    assert deployed.code in (0, 1), deployed  # its tests are pods, which it may not make either
    assert deployed.document["release"]["revision"] == 1


async def test_a_read_and_steering_each_tell_all_at_once_and_their_roles_are_enough(
    town: Town, tmp_path: Path
) -> None:
    guest = await make_guest(town, tmp_path)
    (await town.go("deploy")).succeeded()
    for command in ("status", "logs", "events", "history"):
        refused = await guest.go(command)
        assert (refused.code, refused.document["error"]["code"]) == (4, "ClusterForbids"), command
        for one in ("list pods", "list events", "list secrets", "list replicasets.apps", "get pods/log"):
            assert one in refused.document["error"]["message"], (command, one)
    await guest.apply(refused.document["error"]["hint"].partition(":\n")[2])
    for command in ("status", "logs", "events", "history"):
        (await guest.go(command)).succeeded()
    refused = await guest.go("restart")
    assert refused.code == 4
    message = refused.document["error"]["message"]
    for one in ("patch deployments.apps", "create leases.coordination.k8s.io", "get services"):
        assert one in message, one
    assert "list pods" not in message
    await guest.apply(refused.document["error"]["hint"].partition(":\n")[2])
    (await guest.go("restart")).succeeded()
