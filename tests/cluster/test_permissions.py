"""What a user may not do is told all at once, on a real cluster, with the Role that grants it."""

import asyncio
from pathlib import Path

from tests.cluster.guests import Guest, make_guest
from tests.cluster.town import API, Town, said, until_revision, untouched

from flaskship.engines.kubernetes.resources import DEPLOYMENTS, LEASES, PODS

EVERYTHING = {
    "apiGroups": ["*"],
    "resources": ["*"],
    "verbs": ["get", "list", "watch", "patch", "update", "delete"],
}
NOT_PODS = ["configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims"]
GROUPS = ["apps", "batch", "autoscaling", "policy", "networking.k8s.io", "coordination.k8s.io"]
ALL_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]
LACKING = {
    ("", "events"): "watch",
    ("", "pods"): "delete",
    ("", "secrets"): "update",
    ("apps", "deployments"): "patch",
    ("coordination.k8s.io", "leases"): "create",
}
"""What every command that writes needs at least three of."""
OTHERS = {
    "": ["configmaps", "namespaces", "persistentvolumeclaims", "pods/log", "pods/portforward", "pods/proxy"],
    "apps": ["daemonsets", "deployments/scale", "replicasets", "statefulsets"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "discovery.k8s.io": ["endpointslices"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}
PLAIN = ["resourcequotas", "serviceaccounts", "services"]


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


async def grant_all_but_some(guest: Guest) -> None:
    rules = [
        {"apiGroups": [group], "resources": kinds, "verbs": ALL_VERBS} for group, kinds in OTHERS.items()
    ]
    rules.append({"apiGroups": [""], "resources": PLAIN, "verbs": ALL_VERBS})
    for (group, kind), lacking in LACKING.items():
        verbs = [one for one in ALL_VERBS if one != lacking]
        rules.append({"apiGroups": [group], "resources": [kind], "verbs": verbs})
    await guest.grant(*rules)


async def standing(town: Town) -> tuple[object, ...]:
    """What a command that writes anything at all would change."""
    space = town.namespace()
    lease = await town.cluster.find(LEASES, "flaskship-dev-apps", space)
    deployments = (await town.cluster.list(DEPLOYMENTS, space)).items
    pods = (await town.cluster.list(PODS, space)).items
    return (
        lease and lease["metadata"]["resourceVersion"],
        sorted((one["metadata"]["name"], one["metadata"]["generation"]) for one in deployments),
        sorted(one["metadata"]["uid"] for one in pods if not one["metadata"]["name"].endswith("-test")),
    )


STEERS = {"watch events", "patch deployments.apps", "create leases.coordination.k8s.io"}
APPLIES = {*STEERS, "delete pods", "update secrets"}
COMMANDS = {
    ("restart",): STEERS,
    ("scale", API, "2"): STEERS,
    ("pause", API): STEERS,
    ("resume", API): STEERS,
    ("deploy",): APPLIES,
    ("rollback",): APPLIES,
    ("abort", API): APPLIES,
    ("verify",): APPLIES - {"patch deployments.apps"},
    ("down",): APPLIES - {"patch deployments.apps"},
}


async def test_every_command_that_writes_tells_all_that_is_missing_before_it_does_anything(
    town: Town, tmp_path: Path
) -> None:
    guest = await make_guest(town, tmp_path)
    (await town.go("deploy")).succeeded()
    await grant_all_but_some(guest)
    before = await standing(town)
    told = {}
    for command, missing in COMMANDS.items():
        refused = await guest.go(*command)
        assert (refused.code, refused.document["error"]["code"]) == (4, "ClusterForbids"), (command, refused)
        message = refused.document["error"]["message"]
        listed = message.partition("may not ")[2].partition(" in namespace")[0]
        told[command] = set(listed.split(", "))
        assert told[command] == missing, (command, message)
        assert "\nkind: Role\n" in refused.document["error"]["hint"], command
        assert await standing(town) == before, command
    hint = refused.document["error"]["hint"]
    assert "flaskship down" not in hint, "there is no lesser way of it"
    refused = await guest.go("verify")
    without = "without the release's own tests: flaskship verify dev --no-tests"
    assert refused.document["error"]["hint"].startswith(without)
    assert (await guest.go("verify", "--no-tests")).code == 0


async def test_the_roles_that_verify_abort_and_down_ask_for_are_enough(town: Town, tmp_path: Path) -> None:
    guest = await make_guest(town, tmp_path)
    (await town.go("deploy")).succeeded()
    never = ("--set", f"applications.{API}.probes.readiness.initialDelaySeconds=200")
    for command in (("verify",), ("abort", API), ("down",)):
        refused = await guest.go(*command)
        assert (refused.code, refused.document["error"]["code"]) == (4, "ClusterForbids"), command
        granted = await guest.apply(refused.document["error"]["hint"].partition(":\n")[2])
        watched = None
        if command[0] == "abort":
            # Its Lease is somebody's: who may have it himself may ask for it.
            watched = asyncio.create_task(town.go("deploy", "dev", *never))
            await until_revision(town, 2)
        done = (await guest.go(*command)).succeeded()
        assert "may not" not in done.progress, command
        if watched is not None:
            given_up = await watched
            assert (given_up.code, given_up.codes) == (1, {"Withdrawn"})
        await guest.give_back(granted)
