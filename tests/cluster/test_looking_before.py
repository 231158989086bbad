"""What is refused before anything is changed, on a real cluster: exit 4, and what to do."""

import asyncio
import json
from pathlib import Path

import yaml
from tests.cluster.town import API, Ended, Town

from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.kubeconfig import context_of, read_kubeconfig
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import QUOTAS, Resource

ACCOUNTS = Resource("v1", "ServiceAccount", "serviceaccounts")


def said(refused: Ended) -> str:
    return json.dumps(refused.document["error"])


async def untouched(town: Town) -> bool:
    place = Place("dev", "dev-apps", town.namespace())
    return await storage.revisions(town.cluster, place) == ()


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


async def test_what_the_user_may_not_do_is_listed_before_anything_is_changed(
    town: Town, tmp_path: Path
) -> None:
    await town.make_namespace("dev")
    await town.cluster.create(ACCOUNTS, {"metadata": {"name": "guest"}}, town.namespace())
    token = await town.cluster.create(
        ACCOUNTS, {"spec": {"expirationSeconds": 600}}, town.namespace(), name="guest", sub="token"
    )
    _, cluster, _ = context_of(read_kubeconfig(), town.context)
    written = tmp_path / "guest"
    written.write_text(kubeconfig("guest", dict(cluster), {"token": token["status"]["token"]}))
    guest = Town(town.folder, town.prefix, "guest", town.node_port, town.cluster)
    refused = await guest.go_with({"KUBECONFIG": str(written)}, "deploy")
    assert refused.code == 4
    assert "forbidden" in said(refused) or "may not" in said(refused)
    assert token["status"]["token"] not in said(refused) + refused.progress
    assert await untouched(town)


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


async def test_doctor_tells_what_an_environment_needs(town: Town) -> None:
    asked = await town.go("doctor")
    checks = {one["name"]: one for one in asked.document["checks"]}
    assert checks["dev: cluster"]["result"] == "ok"
    assert checks["dev: permissions"]["result"] == "ok"
    assert "first deploy makes it" in checks["dev: namespace"]["message"]


async def test_the_image_is_named_by_what_ran(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    (newest,) = (await town.go("history")).document["revisions"]
    assert newest["images"][API].startswith("sha256:")


def kubeconfig(name: str, cluster: dict[str, object], user: dict[str, object]) -> str:
    return str(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
