"""Pods and events as a cluster shows them: one container, started at 900, unless said otherwise."""

from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.shape import parse
from flaskship.engines.kubernetes.observing.surroundings import Event

NOW = 1000.0


def at(seconds):
    minutes, rest = divmod(seconds, 60)
    return f"1970-01-01T00:{int(minutes):02}:{rest:06.3f}Z"


def pod(state=None, last=None, *, restarts=0, ready=None, since=905.0, init=(), asks=None, **status):
    """A pod with one container, started at 900."""
    conditions = (
        []
        if ready is None
        else [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": at(since)}]
    )
    container = {
        "name": "web",
        "image": "demo:1",
        "ports": [{"name": "http", "containerPort": 5000}],
        "resources": {"limits": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 5000}, "failureThreshold": 2},
    } | (asks or {})
    return parse(
        Pod,
        {
            "metadata": {"name": "web-1", "uid": "p1", "creationTimestamp": at(900)},
            "spec": {"containers": [container], "initContainers": [{"name": one["name"]} for one in init]},
            "status": {
                "phase": "Running",
                "startTime": at(900),
                "podIP": "10.0.0.7",
                "conditions": conditions,
                "initContainerStatuses": list(init),
                "containerStatuses": [
                    {
                        "name": "web",
                        "state": state or {},
                        "lastState": last or {},
                        "restartCount": restarts,
                        "started": "running" in (state or {}),
                    }
                ],
            }
            | status,
        },
    )


def ended(code=1, reason="Error", start=910.0, end=920.0, message=""):
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": at(start),
            "finishedAt": at(end),
            "message": message,
        }
    }


def running(since=930.0):
    return {"running": {"startedAt": at(since)}}


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


def event(reason, message, when=921.0, *, first=None, count=1, container="web"):
    return parse(
        Event,
        {
            "involvedObject": {"uid": "p1", "fieldPath": f"spec.containers{{{container}}}"},
            "reason": reason,
            "message": message,
            "count": count,
            "firstTimestamp": at(when if first is None else first),
            "lastTimestamp": at(when),
        },
    )
