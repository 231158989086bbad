"""What is refused before anything is changed, on a real cluster: exit 4, and what to do."""

import asyncio
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import certifi
import pytest
from tests.cluster.guests import kubeconfig
from tests.cluster.reach import IMAGE
from tests.cluster.town import API, ROOT, Ended, Town, said, untouched

from flaskship.engines.kubernetes.kubeconfig import context_of, read_kubeconfig
from flaskship.engines.kubernetes.resources import QUOTAS, Resource

LIMITS = Resource("v1", "LimitRange", "limitranges")


async def test_a_cluster_that_nobody_named_is_never_taken(town: Town) -> None:
    file = town.folder / "flaskship.yaml"
    file.write_text(file.read_text().replace(f", context: {town.context}", ""))
    nameless = Town(town.folder, town.prefix, "", town.node_port, town.cluster)
    arguments = [one for one in nameless.arguments("deploy", "dev") if one not in ("--context", "")]
    refused = nameless.run_words(arguments)
    assert refused.code == 4
    assert "names no cluster" in said(refused)


async def test_an_unknown_context_and_a_silent_server_are_told(town: Town, tmp_path: Path) -> None:
    other = Town(town.folder, town.prefix, "nowhere", town.node_port, town.cluster)
    refused = await other.go("deploy")
    assert refused.code == 4
    assert "no context 'nowhere'" in said(refused)
    _, cluster, user = context_of(read_kubeconfig(), town.context)
    written = tmp_path / "silent"
    written.write_text(kubeconfig("silent", {**cluster, "server": "https://127.0.0.1:1"}, dict(user)))
    refused = await Town(town.folder, town.prefix, "silent", 0, town.cluster).go_with(
        {"KUBECONFIG": str(written)}, "deploy"
    )
    assert refused.code == 4
    assert "127.0.0.1:1" in said(refused)


COMMANDS = (
    ("deploy", "dev"),
    ("status", "dev"),
    ("logs", "dev"),
    ("history", "dev"),
    ("rollback", "dev"),
    ("doctor", "dev"),
    ("verify", "dev"),
    ("scale", "dev", API, "1"),
    ("down", "dev"),
)


@pytest.mark.parametrize("kind", ["closed", "silent", "stranger"])
async def test_every_command_names_a_server_that_does_not_answer_why_and_what_to_do(
    town: Town, tmp_path: Path, kind: str
) -> None:
    _, cluster, user = context_of(read_kubeconfig(), town.context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = f"https://127.0.0.1:{listener.getsockname()[1]}"
        if kind == "closed":
            listener.close()
        changed: dict[str, object] = {**cluster, "server": server}
        if kind == "stranger":
            changed = {one: said for one, said in cluster.items() if one != "certificate-authority-data"}
            changed["certificate-authority"] = certifi.where()
            server = str(cluster["server"])
        written = tmp_path / "away"
        written.write_text(kubeconfig("away", changed, dict(user)))
        away = Town(town.folder, town.prefix, "away", town.node_port, town.cluster)
        slots = asyncio.Semaphore(3)

        async def refused(command: str, environment: str, *more: str) -> Ended:
            async with slots:
                return await away.go_with({"KUBECONFIG": str(written)}, command, environment, *more)

        told = await asyncio.gather(*(refused(*one) for one in COMMANDS))
    why, advice = {
        "closed": ("connection refused: nothing listens there", "see whether the cluster runs"),
        "silent": ("no answer within 10 s", "VPN or a firewall"),
        "stranger": ("its certificate is not to be trusted", "certificate-authority"),
    }[kind]
    for command, one in zip(COMMANDS, told, strict=True):
        assert one.code == 4, (command, one)
        assert "Traceback" not in one.progress, command
        text = json.dumps(one.document)
        for word in (server, why, advice, "kubectl --context away get --raw /readyz"):
            assert word in text, (command, word, text)
        assert one.document["error"]["exit_code"] == 4


async def test_a_kind_that_the_cluster_lacks_says_how_it_is_installed(town: Town) -> None:
    unknown = '{"apiVersion": "nowhere.example/v1", "kind": "Thing", "metadata": {"name": "a"}}'
    values = town.folder / "extra.yaml"
    values.write_text(f"extraObjects: [{unknown}]\n")
    refused = await town.go("deploy", "dev", "-f", str(values))
    assert refused.code == 4
    assert "does not know the kind Thing" in said(refused)
    assert await untouched(town)


async def test_what_admission_would_refuse_is_told_with_its_words(town: Town) -> None:
    values = town.folder / "extra.yaml"
    values.write_text(
        "extraObjects: [{apiVersion: v1, kind: Service, metadata: {name: odd}, "
        "spec: {ports: [{port: 123456}], selector: {a: b}}}]\n"
    )
    refused = await town.go("deploy", "dev", "-f", str(values))
    assert refused.code == 4
    assert "Service/odd" in said(refused)
    assert await untouched(town)


async def test_a_quota_on_objects_is_told_before(town: Town) -> None:
    await town.make_namespace("dev")
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"count/services": "0"}}}
    await town.cluster.create(QUOTAS, quota, town.namespace())
    # The quota's controller counts before it is obeyed.
    while not (await town.cluster.get(QUOTAS, "few", town.namespace())).get("status", {}).get("hard"):
        await asyncio.sleep(0.2)
    refused = await town.go("deploy")
    assert refused.code == 4
    assert "exceeded quota" in said(refused)
    assert "quota" in refused.document["error"]["hint"]


async def counted(town: Town, name: str, scopes: Mapping[str, Any] | None = None, **hard: str) -> None:
    """Make a quota, and wait until its controller has counted: before that it is not obeyed."""
    quota = {"metadata": {"name": name}, "spec": {"hard": hard, **(scopes or {})}}
    await town.cluster.create(QUOTAS, quota, town.namespace())
    while not (await town.cluster.get(QUOTAS, name, town.namespace())).get("status", {}).get("hard"):
        await asyncio.sleep(0.2)


async def test_a_quota_without_room_for_the_pods_is_told_before(town: Town) -> None:
    await town.make_namespace("dev")
    await counted(town, "few", pods="1")
    refused = await town.go("deploy")
    assert refused.code == 4, refused
    assert "ResourceQuota/few of namespace" in said(refused)
    assert "pods=2" in said(refused)
    assert "replicas" in refused.document["error"]["hint"]
    assert await untouched(town)


async def test_an_update_that_has_no_room_for_one_more_pod_is_told_before(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    await counted(town, "full", pods="2")
    changed = ("--set", "defaults.logLevel=WARNING")
    refused = await town.go("deploy", "dev", *changed)
    assert refused.code == 4, refused
    assert "ResourceQuota/full" in said(refused)
    # The same again needs no pod, and one that lets an old pod go first has room.
    (await town.go("deploy", "dev", "--reason", "again")).succeeded()
    rolling = ("--set", "defaults.strategy.rollingUpdate.maxUnavailable=1")
    (await town.go("deploy", "dev", *changed, *rolling)).succeeded()


def line_of(refused: Ended) -> str:
    """The line of the values to which a refusal leads."""
    place = refused.document["error"]["location"]
    return (ROOT / place["file"]).read_text().splitlines()[place["line"] - 1].strip()


async def test_a_quota_counts_the_pods_of_its_scopes_and_leads_to_the_values(town: Town) -> None:
    await town.make_namespace("dev")
    classless = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "DoesNotExist"}]}
    await counted(town, "classless", {"scopeSelector": classless}, pods="1")
    await counted(town, "effortless", {"scopes": ["BestEffort"]}, pods="0")
    refused = await town.go("deploy")
    assert refused.code == 4, refused
    assert "ResourceQuota/classless" in said(refused)
    assert "effortless" not in said(refused)
    assert line_of(refused).startswith("replicas:")
    assert await untouched(town)
    await town.cluster.delete(QUOTAS, "classless", town.namespace())
    (await town.go("deploy")).succeeded()


async def test_what_a_limit_range_refuses_leads_to_the_values(town: Town) -> None:
    await town.make_namespace("dev")
    most = {"limits": [{"type": "Container", "max": {"memory": "20Mi"}}]}
    await town.cluster.create(LIMITS, {"metadata": {"name": "most"}, "spec": most}, town.namespace())
    refused = await town.go("deploy")
    assert refused.code == 4, refused
    assert "maximum memory usage per Container is 20Mi" in said(refused)
    assert "memory" in line_of(refused)
    assert await untouched(town)


async def test_pods_that_break_the_namespaces_level_are_told_before(town: Town) -> None:
    await town.make_namespace("dev", {"pod-security.kubernetes.io/enforce": "restricted"})
    seed = f"{{name: seed, image: {IMAGE}, command: [/bin/true]}}"
    values = town.folder / "seed.yaml"
    values.write_text(f"applications: {{{API}: {{initContainers: [{seed}]}}}}\n")
    refused = await town.go("deploy", "dev", "-f", str(values))
    assert refused.code == 4, refused
    assert f"the cluster refuses the pods of Deployment/{API}" in said(refused)
    assert "violates PodSecurity" in said(refused)
    assert "seed" in said(refused)
    assert await untouched(town)
    (await town.go("deploy")).succeeded()


async def test_doctor_tells_what_an_environment_needs(town: Town) -> None:
    asked = await town.go("doctor")
    checks = {one["name"]: one for one in asked.document["checks"]}
    assert checks["dev: cluster"]["result"] == "ok"
    assert checks["dev: permissions"]["result"] == "ok"
    assert "in a dry run first" in checks["dev: pods"]["message"]
    assert "first deploy makes it" in checks["dev: namespace"]["message"]


async def test_the_image_is_named_by_what_ran(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    (newest,) = (await town.go("history")).document["revisions"]
    assert newest["images"][API].startswith("sha256:")
