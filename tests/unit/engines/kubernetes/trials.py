"""Helm's storage with the tests of a release, and a server that tells how they go."""

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from tests.unit.engines.kubernetes.api import PLACE, SECRETS, Api

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.connection import Connection
from flaskship.engines.kubernetes.testing import run_tests

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


def pod(restart: str, status: Mapping[str, Any], containers: int = 1) -> dict[str, Any]:
    return {"spec": {"restartPolicy": restart, "containers": [{}] * containers}, "status": status}
