"""What Argo CD's Application tells, read purely."""

from typing import Any

import pytest

from flaskship.gitops.application import Sync, application_of, sync_of
from flaskship.model.project import Environment

STAGING = Environment("staging", "staging-apps", "my-app-staging", "kubernetes", "staging", "dev", "argocd")
COMMIT = "c0ffee" + "0" * 34


def application(
    namespace: str = "my-app-staging", release: str | None = None, **status: Any
) -> dict[str, Any]:
    source: dict[str, Any] = {"path": "infra/helmchart"}
    if release:
        source["helm"] = {"releaseName": release}
    return {
        "metadata": {"name": "staging"},
        "spec": {"destination": {"namespace": namespace}, "source": source},
        "status": status,
    }


def synced(status: str = "Synced", health: str = "Healthy", revision: str | None = COMMIT) -> dict[str, Any]:
    return application(sync={"status": status, "revision": revision}, health={"status": health})


def test_an_application_is_found_by_its_namespace_and_then_by_its_release() -> None:
    ours, other = application(release="staging-apps"), application(release="other-apps")
    assert application_of(STAGING, [application("elsewhere"), ours]) is ours
    assert application_of(STAGING, [other, ours]) is ours
    assert application_of(STAGING, [application(), application()]) is None
    assert application_of(STAGING, []) is None


def test_several_sources_are_read_too() -> None:
    one = application()
    one["spec"] = {
        "destination": {"namespace": "my-app-staging"},
        "sources": [{"helm": {"releaseName": "staging-apps"}}, {"ref": "values"}],
    }
    one["status"] = {
        "sync": {"status": "Synced", "revisions": [COMMIT, "x"]},
        "health": {"status": "Healthy"},
    }
    assert application_of(STAGING, [application(), one]) is one
    assert sync_of(one).reached(COMMIT)


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        (synced(), True),
        (synced(revision="0ther"), False),
        (synced(status="OutOfSync"), False),
        (synced(health="Progressing"), False),
        (synced(health="Degraded"), False),
        (synced(revision=None), False),
        (application(), False),
    ],
)
def test_only_this_commit_applied_and_healthy_is_reached(given: dict[str, Any], reached: bool) -> None:
    assert sync_of(given).reached(COMMIT) == reached


def test_what_it_does_not_say_is_unknown() -> None:
    assert sync_of(application()) == Sync("staging", "Unknown", "Unknown")
    assert sync_of({}) == Sync("", "Unknown", "Unknown")


def test_a_failed_sync_says_why() -> None:
    one = application(
        sync={"status": "OutOfSync", "revision": COMMIT},
        health={"status": "Missing"},
        operationState={"phase": "Failed", "message": "one or more objects failed to apply"},
        conditions=[{"type": "ComparisonError", "message": "chart does not render"}, {"type": "Info"}],
    )
    shown = str(sync_of(one))
    assert shown == (
        f"staging: OutOfSync at {COMMIT[:12]}, Missing: chart does not render; "
        "one or more objects failed to apply"
    )
