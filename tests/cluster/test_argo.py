"""An environment that Argo CD writes: refused to the command line, promoted and taken back through Git.

Argo CD itself is not on the cluster. A stand-in applies what the branch has by the real helm and the real API
server, with Argo CD's marks, and writes the Application's status as its controller would.
"""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.argo import argo_kinds
from tests.cluster.plainly import tool
from tests.cluster.town import API, COMMAND, ROOT, WORKER, Ended, Town
from tests.integration.promotion.conftest import git

from flaskship.engines.kubernetes.applications import APPLICATIONS
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.resources import DEPLOYMENTS

__all__ = ["argo_kinds"]
pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("argo_kinds")]
REPOSITORY = "cloudandparth/my-demo-app"
ACCEPT = "policy:\n  accept:\n    - {rule: untested, reason: The writer alone differs.}\n"
STAGING = """
environment: staging
defaults:
  progressDeadlineSeconds: 300
  preStopSeconds: 1
  gracefulTimeoutSeconds: 5
  terminationGracePeriodSeconds: 15
  resources: {requests: {cpu: 10m}}
  probes: {startup: {periodSeconds: 1, failureThreshold: 240}, readiness: {periodSeconds: 1}}
applications:
  my-tomorrows-api: {enabled: true}
  my-tomorrows-worker: {enabled: true}
secrets:
  provider: generated
  generated: {database-url: "sqlite:////data/reminders.db"}
persistence: {enabled: true}
"""


@dataclass
class StandIn:
    """Applies the newest commit of a bare repository's branch for as long as it runs."""

    town: Town
    remote: Path
    applied: list[str] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            head = git(self.remote, "rev-parse", "main")
            if head not in self.applied[-1:]:
                await self.say(head, "OutOfSync", "Healthy")
                await self.apply(head)
                self.applied.append(head)
                await self.say(head, "Synced", "Progressing")
                await self.until_ready()
                await self.say(head, "Synced", "Healthy")
            await asyncio.sleep(1)

    async def apply(self, head: str) -> None:
        namespace, kinds = self.town.namespace("staging"), await self.town.cluster.api_resources()
        for one in await asyncio.to_thread(self.rendered, head):
            resource = kinds[one["apiVersion"], one["kind"]]
            group = resource.group or ""
            name = one["metadata"]["name"]
            mark = f"staging:{group}/{one['kind']}:{namespace}/{name}"
            one["metadata"].setdefault("annotations", {})["argocd.argoproj.io/tracking-id"] = mark
            await self.town.cluster.apply(
                resource,
                one,
                namespace if resource.namespaced else None,
                manager="argocd-controller",
                force=True,
            )

    def rendered(self, head: str) -> list[dict[str, Any]]:
        checkout = self.remote.parent / f"argo-{head[:8]}"
        if not checkout.exists():
            git(self.remote.parent, "clone", "-q", str(self.remote), str(checkout))
            git(checkout, "checkout", "-q", head)
        chart = checkout / "infra" / "helmchart"
        words = ["template", "staging-apps", str(chart), "-f", str(chart / "values-staging.yaml")]
        words += ["--namespace", self.town.namespace("staging"), "--set", "writer=argocd", "--no-hooks"]
        said = subprocess.run([tool("helm"), *words], capture_output=True, text=True, check=True).stdout
        return [one for one in yaml.safe_load_all(said) if one]

    async def until_ready(self) -> None:
        for name in (API, WORKER):
            while True:
                found = await self.town.cluster.get(DEPLOYMENTS, name, self.town.namespace("staging"))
                status = found.get("status") or {}
                if (
                    status.get("observedGeneration") == found["metadata"]["generation"]
                    and status.get("updatedReplicas")
                    == status.get("readyReplicas")
                    == status.get("replicas")
                    == 1
                ):
                    break
                await asyncio.sleep(0.5)

    async def say(self, head: str, sync: str, health: str) -> None:
        cluster: Cluster = self.town.cluster
        status = {"sync": {"status": sync, "revision": head}, "health": {"status": health}}
        await cluster.patch(APPLICATIONS, "staging", {"status": status}, self.town.namespace("staging"))


@asynccontextmanager
async def argo_cd(town: Town, remote: Path) -> AsyncIterator[StandIn]:
    """The stand-in beside a test, once it has applied what is there."""
    application = {
        "apiVersion": APPLICATIONS.api_version,
        "kind": APPLICATIONS.kind,
        "metadata": {"name": "staging"},
        "spec": {
            "destination": {"namespace": town.namespace("staging")},
            "source": {"helm": {"releaseName": "staging-apps"}},
        },
    }
    await town.cluster.create(APPLICATIONS, application, town.namespace("staging"))
    one = StandIn(town, remote)
    working = asyncio.ensure_future(one.run())
    try:
        yield one
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


def under_git(town: Town, remote: Path) -> None:
    """Put the project under Git with a remote branch, and give staging to Argo CD."""
    (town.folder / "infra").unlink()
    shutil.copytree(ROOT / "infra" / "helmchart", town.folder / "infra" / "helmchart")
    (town.folder / "infra" / "helmchart" / "values-staging.yaml").write_text(STAGING + ACCEPT)
    file = town.folder / "flaskship.yaml"
    written = file.read_text()
    name = f"{town.namespace('staging')}, engine: kubernetes"
    assert name in written
    file.write_text(written.replace(name, f"{name}, promotes_from: dev, writer: argocd"))
    (town.folder / ".gitignore").write_text(".flaskship/\n")
    git(town.folder, "init", "-q", "-b", "main")
    git(town.folder, "config", "user.name", "ada")
    git(town.folder, "config", "user.email", "ada@example.com")
    git(town.folder, "add", "-A")
    git(town.folder, "commit", "-q", "-m", "Begin")
    git(remote.parent, "init", "-q", "--bare", "-b", "main", str(remote))
    git(town.folder, "remote", "add", "origin", str(remote))
    git(town.folder, "push", "-q", "-u", "origin", "main")


async def said(town: Town, *words: str) -> Ended:
    return await asyncio.to_thread(town.run_words, [*COMMAND, *words, "--project", str(town.folder)])


async def image(town: Town) -> str:
    found = await town.cluster.get(DEPLOYMENTS, API, town.namespace("staging"))
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_an_environment_of_argo_cd_is_promoted_and_taken_back_through_git(
    town: Town, tmp_path_factory: pytest.TempPathFactory
) -> None:
    remote = tmp_path_factory.mktemp("argo") / "remote.git"
    under_git(town, remote)
    (await town.go("deploy")).succeeded()
    digest = str((await town.go("history")).document["revisions"][-1]["images"][API])
    named = f"{REPOSITORY}:1.0@{digest}"
    by_digest = ("--image", f"{API}={named}", "--image", f"{WORKER}={named}")
    (await town.go("deploy", "dev", *by_digest)).succeeded()
    await town.make_namespace("staging")
    async with argo_cd(town, remote) as argo:
        async with asyncio.timeout(180):
            while not argo.applied:
                await asyncio.sleep(0.5)
        refused = await town.go("deploy", "staging")
        assert (refused.code, refused.document["error"]["code"]) == (5, "TwoWriters"), refused
        assert "argocd.argoproj.io/tracking-id" in refused.document["error"]["message"]
        assert "flaskship promote dev staging" in refused.document["error"]["hint"]

        promoted = await said(town, "promote", "dev", "staging", "--push", "--sync-timeout", "240")
        assert promoted.code == 0, promoted
        assert "Synced" in promoted.progress
        assert promoted.outcome == "successful"
        assert argo.applied[-1] == git(town.folder, "rev-parse", "HEAD")
        assert (await image(town)).endswith(f"@{digest}")
        verified = (await said(town, "verify", "staging")).succeeded().document
        assert [one["ok"] for one in verified["answers"]] == [True, True]
        assert verified["tests_reason"] == "Helm has no release of it whose tests could run"

        back = await said(town, "rollback", "staging", "--push", "--sync-timeout", "240")
        assert back.code == 0, back
        assert back.outcome == "successful"
        assert "@" not in await image(town)
    # A workload that goes missing is no success.
    await town.cluster.delete(DEPLOYMENTS, WORKER, town.namespace("staging"))
    missing = await said(town, "verify", "staging")
    assert (missing.code, missing.codes) == (1, {"WorkloadMissing"})


async def test_between_the_declared_writer_and_the_stamp_there_is_a_way_out(
    town: Town, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Declared Argo CD's, applied by the command line: no command points at one that is refused as well."""
    (await town.go("deploy")).succeeded()
    file = town.folder / "flaskship.yaml"
    cli = file.read_text()
    name = f"{town.namespace('dev')}, engine: kubernetes"
    file.write_text(cli.replace(name, f"{name}, writer: argocd"))
    refused = await town.go("deploy")
    assert refused.code == 5
    hint = refused.document["error"]["hint"]
    assert "argocd app sync" in hint
    assert "flaskship rollback" not in hint
    # Each way that it names is one.
    (await town.go("deploy", "dev", "--take-over", "Argo CD comes on Monday")).succeeded()
    file.write_text(cli)
    (await town.go("deploy")).succeeded()
