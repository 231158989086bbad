"""Builders of snapshots: one workload, one replica, all healthy unless said otherwise."""

from types import SimpleNamespace

import pytest

from flaskship.model.snapshot import (
    Exit,
    Phase,
    ProbeFailure,
    Problem,
    ReleaseState,
    ReplicaPhase,
    ReplicaSnapshot,
    Snapshot,
    WorkloadSnapshot,
)

NOW = 1_000.0


def replica(**more) -> ReplicaSnapshot:
    given = {
        "name": "api-1",
        "uid": "u1",
        "template": "new",
        "current": True,
        "phase": ReplicaPhase.STARTING,
        "ready": False,
        "started_at": NOW - 50,
        "created_at": NOW - 50,
    }
    return ReplicaSnapshot(**(given | more))


def workload(*replicas: ReplicaSnapshot, **more) -> WorkloadSnapshot:
    given = {
        "name": "api",
        "application": "my-tomorrows-api",
        "kind": "Deployment",
        "phase": Phase.PROGRESSING,
        "image": "demo:1.0",
        "desired": 1,
        "ready": 0,
        "updated": len(replicas),
        "available": 0,
        "template": "new",
        "since": NOW - 60,
        "progressed_at": NOW - 50,
        "progress_deadline": 600,
        "replicas": replicas,
    }
    return WorkloadSnapshot(**(given | more))


def snapshot(*workloads: WorkloadSnapshot, **more) -> Snapshot:
    given = {
        "environment": "dev",
        "engine": "local",
        "namespace": "my-app-dev",
        "at": NOW,
        "phase": Phase.PROGRESSING,
        "release": ReleaseState("dev-apps", 2, 1),
        "workloads": workloads,
    }
    return Snapshot(**(given | more))


def release(**more) -> ReleaseState:
    return ReleaseState("dev-apps", 2, 1, **more)


def exit(code=None, *, at=NOW - 1, container="api", lines=(), **more) -> Exit:
    return Exit(container=container, at=at, code=code, last_lines=tuple(lines), **more)


def probe(kind, consecutive=3, threshold=3, answer="503 Service Unavailable: database down") -> ProbeFailure:
    return ProbeFailure(kind, NOW - 1, consecutive, threshold, "GET http://127.1.0.1:5000/ready", answer)


def problem(code, message="it is not there", **more) -> Problem:
    return Problem(code, message, **more)


@pytest.fixture
def make() -> SimpleNamespace:
    """Return the builders and the instant that they count from."""
    return SimpleNamespace(
        NOW=NOW,
        replica=replica,
        workload=workload,
        snapshot=snapshot,
        release=release,
        exit=exit,
        probe=probe,
        problem=problem,
        one=lambda **more: snapshot(workload(replica(**more))),
    )
