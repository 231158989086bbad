"""Manifests that every engine understands: small, true Kubernetes, on an image that the harness names."""

from typing import Any

from flaskship.model.release import Document

SERVER = (
    "import http.server as h, os\n"
    "class A(h.BaseHTTPRequestHandler):\n"
    " def do_GET(self):\n"
    "  code = {'/never': 503, '/nowhere': 404}.get(self.path, 200)\n"
    "  self.send_response(code); self.end_headers(); self.wfile.write(b'ok')\n"
    " def log_message(self, *a): print('asked', self.path, flush=True)\n"
    "print('serving', flush=True)\n"
    "here = os.environ.get('POD_IP', '127.0.0.1'), int(os.environ['PORT'])\n"
    "h.ThreadingHTTPServer(here, A).serve_forever()\n"
)


def deployment(
    name: str,
    image: str,
    *,
    replicas: int = 1,
    command: list[str] | None = None,
    ready_path: str = "/ready",
    env: dict[str, str] | None = None,
    deadline: int = 20,
    port: int = 5000,
    liveness: dict[str, Any] | None = None,
    started_path: str | None = None,
    min_ready: int = 0,
) -> Document:
    container: dict[str, Any] = {
        "name": name,
        "image": image,
        "command": command or ["python", "-u", "-c", SERVER],
        "ports": [{"name": "http", "containerPort": port}],
        "env": [
            {"name": "PORT", "value": str(port)},
            *({"name": key, "value": value} for key, value in (env or {}).items()),
        ],
        "readinessProbe": {
            "httpGet": {"path": ready_path, "port": port},
            "periodSeconds": 1,
            "failureThreshold": 3,
        },
    }
    if liveness is not None:
        container["livenessProbe"] = liveness
    if started_path is not None:
        get = {"path": started_path, "port": port}
        container["startupProbe"] = {"httpGet": get, "periodSeconds": 1, "failureThreshold": 60}
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": deadline,
            "minReadySeconds": min_ready,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 2},
            },
        },
    }


def service(name: str, *, port: int = 80, target: int = 5000, node_port: int | None = None) -> Document:
    one: dict[str, Any] = {"name": "http", "port": port, "targetPort": target}
    if node_port is not None:
        one["nodePort"] = node_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name}},
        "spec": {
            "type": "NodePort" if node_port else "ClusterIP",
            "selector": {"app.kubernetes.io/name": name},
            "ports": [one],
        },
    }
