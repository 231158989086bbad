"""An API server in memory, for what is written to it: names, versions, conflicts; no controllers."""

import base64
import gzip
import itertools
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.connection import Connection
from flaskship.engines.kubernetes.place import Place

PLACE = Place("dev", "dev-apps", "shop")
NAMESPACES = "/api/v1/namespaces"
SECRETS = "/api/v1/namespaces/shop/secrets"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
KINDS = {
    "": [
        ("v1", "Service", "services"),
        ("v1", "Pod", "pods"),
        ("v1", "ConfigMap", "configmaps"),
        ("v1", "Secret", "secrets"),
        ("v1", "ServiceAccount", "serviceaccounts"),
        ("v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    ],
    "apps": [("v1", "Deployment", "deployments")],
    "argoproj.io": [("v1alpha1", "Rollout", "rollouts")],
}


class Api:
    """Objects by path; reviews are answered by `denied`, server-side applies refused by `refusals`."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {f"{NAMESPACES}/shop": {"metadata": {"name": "shop"}}}
        self.denied: set[tuple[str, str]] = set()
        self.rules: list[dict[str, Any]] = []
        self.user = "jane"
        self.refusals: dict[str, tuple[int, str]] = {}
        self.pods_refused = ""
        """What a dry run of a pod is told; nothing: it is taken."""
        self.tried: list[dict[str, Any]] = []
        self.version = "v1.37.0"
        self.asked: list[str] = []
        self._versions = itertools.count(1)

    def cluster(self) -> Cluster:
        session = httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))
        return Cluster(Connection("here", "https://api:6443", session))

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        stored = json.loads(json.dumps(body))
        stored.setdefault("metadata", {})["resourceVersion"] = str(next(self._versions))
        self.objects[path] = stored
        return stored

    def below(self, path: str) -> list[str]:
        return [name.rpartition("/")[2] for name in self.objects if name.rpartition("/")[0] == path]

    def helm(self, number: int, status: str, *, mark: str = "", manifest: str = "", at: int = 100) -> None:
        """Write a revision as Helm does."""
        content = {
            "name": "dev-apps",
            "version": number,
            "info": {
                "status": status,
                "description": f"revision {number}",
                "last_deployed": "2026-11-26T12:00:00.123456789Z",
            },
            "chart": {"metadata": {"name": "my-app", "version": "0.1.0"}},
            "config": {"environment": "dev"},
            "manifest": manifest,
        }
        packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
        labels = {"owner": "helm", "name": "dev-apps", "status": status, "version": str(number)}
        labels |= {"createdAt": str(at), "modifiedAt": "7"}  # taken along from a revision before
        labels |= {"flaskship.dev/record": mark} if mark else {}
        name = f"sh.helm.release.v1.dev-apps.v{number}"
        body = {"metadata": {"name": name, "labels": labels}, "type": "helm.sh/release.v1"}
        self.put(f"{SECRETS}/{name}", {**body, "data": {"release": packed}})

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path, body = request.url.path, json.loads(request.content) if request.content else {}
        self.asked.append(f"{request.method} {path}")
        if path == "/version":
            return httpx2.Response(200, json={"gitVersion": self.version})
        if path in ("/api", "/apis"):
            return httpx2.Response(200, json=self._discovery(core=path == "/api"))
        if path.endswith("selfsubjectrulesreviews"):
            return httpx2.Response(201, json={"status": {"resourceRules": self.rules}})
        if path.endswith("selfsubjectreviews"):
            return httpx2.Response(201, json={"status": {"userInfo": {"username": self.user}}})
        if path.endswith("selfsubjectaccessreviews"):
            given = body["spec"]["resourceAttributes"]
            what = "/".join(given[key] for key in ("resource", "subresource") if key in given)
            allowed = (given["verb"], what) not in self.denied
            return httpx2.Response(201, json={"status": {"allowed": allowed}})
        return getattr(self, f"_{request.method.lower()}")(request, path, body)

    def _get(self, request: httpx2.Request, path: str, body: Any) -> httpx2.Response:
        if path in self.objects:
            return httpx2.Response(200, json=self.objects[path])
        last = path.rpartition("/")[2]
        if last.endswith("s") and "-" not in last and "." not in last and last != "shop":
            labels = _selector(request.url.params.get("labelSelector", ""))
            found = [
                one
                for name, one in self.objects.items()
                if name.rpartition("/")[0] == path
                and labels.items() <= (one["metadata"].get("labels") or {}).items()
            ]
            return httpx2.Response(200, json={"metadata": {"resourceVersion": "1"}, "items": found})
        return _status(404, f"{path} not found")

    def _post(self, request: httpx2.Request, path: str, body: Any) -> httpx2.Response:
        if request.url.params.get("dryRun"):
            self.tried.append(body)
            return _status(403, self.pods_refused) if self.pods_refused else httpx2.Response(201, json=body)
        name = f"{path}/{body['metadata']['name']}"
        if name in self.objects:
            return _status(409, f"{name} already exists")
        return httpx2.Response(201, json=self.put(name, body))

    def _put(self, request: httpx2.Request, path: str, body: Any) -> httpx2.Response:
        before = self.objects.get(path)
        if before is None:
            return _status(404, f"{path} not found")
        if body["metadata"].get("resourceVersion") not in (None, before["metadata"]["resourceVersion"]):
            return _status(409, "the object has been modified")
        return httpx2.Response(200, json=self.put(path, body))

    def _patch(self, request: httpx2.Request, path: str, body: Any) -> httpx2.Response:
        if refused := self.refusals.get(path.rpartition("/")[2]):
            return _status(*refused)
        if request.url.params.get("dryRun"):
            # What another owner set stays, as in a server-side apply.
            return httpx2.Response(200, json=_merged(self.objects.get(path) or {}, body))
        if "merge-patch" in request.headers["content-type"]:
            if path not in self.objects:
                return _status(404, f"{path} not found")
            known, given = self.objects[path]["metadata"].get("uid"), body.get("metadata", {}).get("uid")
            if given and given != known:
                return _status(409, f"the uid of {path} is {known}")
            body = _merged(self.objects[path], body)
        return httpx2.Response(200, json=self.put(path, body))

    def _delete(self, request: httpx2.Request, path: str, body: Any) -> httpx2.Response:
        if self.objects.pop(path, None) is None:
            return _status(404, f"{path} not found")
        return httpx2.Response(200, json={})

    def _discovery(self, *, core: bool) -> dict[str, Any]:
        groups = []
        for name, kinds in KINDS.items():
            if (name == "") is core:
                versions = [
                    {
                        "version": version,
                        "resources": [
                            {"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced"}
                        ],
                    }
                    for version, kind, plural in kinds
                ]
                groups.append({"metadata": {"name": name} if name else {}, "versions": versions})
        return {"items": groups}


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    merged = {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def _selector(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if part)


def _status(code: int, message: str) -> httpx2.Response:
    return httpx2.Response(code, json={"kind": "Status", "code": code, "message": message})
