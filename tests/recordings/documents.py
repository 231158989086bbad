"""The objects of the scenarios: small, true Kubernetes, on the application's own image."""

import copy
import os
from typing import Any

Document = dict[str, Any]

RELEASE = "dev-apps"
IMAGE = os.environ.get("FLASKSHIP_TEST_IMAGE", "cloudandparth/my-demo-app:1.0")
SERVER = (
    "import http.server as h, os, sys, time\n"
    "begun = time.monotonic(); slow = float(sys.argv[1])\n"
    "class A(h.BaseHTTPRequestHandler):\n"
    " def do_GET(self):\n"
    "  if self.path == '/die': os._exit(3)\n"
    "  age = time.monotonic() - begun\n"
    "  ok = age >= slow if slow >= 0 else age < -slow\n"
    "  ok = self.path == '/always' or (ok and self.path != '/never')\n"
    "  body = b'ok' if ok else b'{\"database\": \"no connection\"}'\n"
    "  code = 404 if self.path == '/nowhere' else 200 if ok else 503\n"
    "  self.send_response(code); self.end_headers(); self.wfile.write(body)\n"
    " def log_message(self, *a): pass\n"
    "print('serving', flush=True)\n"
    "h.ThreadingHTTPServer(('', 5000), A).serve_forever()\n"
)
BOOM = "import os\nprint('starting')\ndef key():\n return os.environ['REMINDERS_KEY']\nkey()\n"
HUNGRY = "held = []\nwhile True: held.append(bytearray(1 << 20))\n"
ONCE = (
    "import os, sys\n"
    "if not os.path.exists('/once/seen'):\n"
    " open('/once/seen', 'w').close(); sys.exit('not yet')\n"
)
UNREADY_ONCE = (
    "import os, threading\n"
    "if not os.path.exists('/once/seen'):\n"
    " open('/once/seen', 'w').close(); threading.Timer(4, os._exit, (3,)).start()\n"
)
"""Ends after 4 seconds the first time, and not again."""

LITTLE = {"requests": {"cpu": "30m"}}
"""Without a request a pod gets nothing where other work fills the node."""


def python(program: str, *arguments: str) -> list[str]:
    return ["python", "-u", "-c", program, *arguments]


def probe(path: str, **more: int) -> Document:
    return {"httpGet": {"path": path, "port": 5000}, "periodSeconds": 1, "failureThreshold": 3} | more


def container(**more: Any) -> Document:
    return {
        "name": "web",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": python(SERVER, "0"),
        "ports": [{"name": "http", "containerPort": 5000}],
        "readinessProbe": probe("/ready"),
        "resources": LITTLE,
    } | more


def workload(
    main: Document | None = None,
    *,
    kind: str = "Deployment",
    replicas: int = 1,
    deadline: int = 30,
    pod: Document | None = None,
    strategy: Document | None = None,
    **spec: Any,
) -> Document:
    labels = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": RELEASE}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return {
        "apiVersion": "apps/v1" if kind == "Deployment" else "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "web", "labels": labels},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": deadline,
            "selector": {"matchLabels": labels},
            "strategy": strategy or rolling,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [main or container()], "terminationGracePeriodSeconds": 1}
                | (pod or {}),
            },
        }
        | spec,
    }


def job(program: str, *, retries: int = 0, restart: str = "Never", **pod: Any) -> Document:
    labels = {"app.kubernetes.io/name": "seed", "app.kubernetes.io/instance": RELEASE}
    main: Document = {"name": "seed", "image": IMAGE, "command": python(program), "resources": LITTLE}
    if pod.get("volumes"):
        main["volumeMounts"] = [{"name": "once", "mountPath": "/once"}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "seed", "labels": labels},
        "spec": {
            "backoffLimit": retries,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"restartPolicy": restart, "containers": [main], **pod},
            },
        },
    }


def stateful(main: Document | None = None, **more: Any) -> Document:
    given = workload(main, **more)
    spec = given["spec"]
    del spec["strategy"], spec["progressDeadlineSeconds"]
    spec["serviceName"] = "web"
    return {**given, "kind": "StatefulSet"}


def service(name: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/instance": RELEASE}},
        "spec": {
            "selector": {"app.kubernetes.io/name": "web"},
            "ports": [{"name": "http", "port": 80, "targetPort": 5000}],
        },
    }


def secured(document: Document, more: Document | None = None) -> Document:
    """The same with what the Pod Security level restricted wants, and in its pod something that may not."""
    given = copy.deepcopy(document)
    pod = given["spec"]["template"]["spec"]
    pod["securityContext"] = {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for one in pod["containers"]:
        one["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    pod.update(more or {})
    return given


def namespaced(kind: str, name: str, spec: Document) -> Document:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


ONCE_VOLUME = {"volumes": [{"name": "once", "emptyDir": {}}]}
ONCE_MOUNT = {"volumeMounts": [{"name": "once", "mountPath": "/once"}]}
INIT = {"name": "seed", "image": IMAGE, "command": python("import sys; sys.exit('no schema')")}
CANARY = {
    "canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": [{"setWeight": 50}, {"pause": {"duration": 2}}]}
}
BLUE_GREEN = {
    "blueGreen": {
        "activeService": "active",
        "previewService": "preview",
        "autoPromotionSeconds": 2,
        "scaleDownDelaySeconds": 5,
    }
}


def rollout(main: Document | None = None, strategy: Document = CANARY, **more: Any) -> Document:
    return workload(main, kind="Rollout", strategy=strategy, **more)


def env(**sources: Any) -> Document:
    return container(env=[{"name": "KEY", "valueFrom": sources}])
