"""Helm's storage read without Helm: its labels, its packed releases, what a killed one leaves."""

import base64

import pytest
from tests.unit.engines.kubernetes.api import PLACE, SECRETS, Api

from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.storage import Status
from flaskship.model.errors import FlaskshipError

MANIFEST = (
    "---\n# Source: a\nkind: Service\nmetadata:\n  name: web\n---\nkind: Deployment\nmetadata: {name: web}\n"
)


async def test_revisions_are_told_in_order_by_their_labels() -> None:
    api = Api()
    for number, status in ((10, "deployed"), (2, "superseded"), (9, "failed")):
        api.helm(number, status, mark=f"m{number}", at=number)
    api.put(f"{SECRETS}/other", {"metadata": {"name": "other", "labels": {"owner": "helm", "name": "else"}}})
    found = await storage.revisions(api.cluster(), PLACE)
    assert [(one.number, one.status, one.mark, one.at) for one in found] == [
        (2, "superseded", "m2", 2.0),
        (9, "failed", "m9", 9.0),
        (10, "deployed", "m10", 10.0),
    ]


async def test_a_revision_is_unpacked() -> None:
    api = Api()
    api.helm(1, "deployed", manifest=MANIFEST)
    found = await storage.stored(api.cluster(), PLACE, 1)
    assert [one["kind"] for one in found.documents] == ["Service", "Deployment"]
    assert found.values == {"environment": "dev"}
    assert (found.chart, found.description) == ("my-app-0.1.0", "revision 1")
    assert found.deployed_at == pytest.approx(1795694400.12, abs=0.01)


async def test_a_revision_that_is_gone_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        await storage.stored(Api().cluster(), PLACE, 1)


@pytest.mark.parametrize("data", [{}, {"release": "!"}, {"release": base64.b64encode(b"W10=").decode()}])
async def test_a_damaged_revision_is_named(data: dict[str, str]) -> None:
    api = Api()
    name = "sh.helm.release.v1.dev-apps.v1"
    api.put(f"{SECRETS}/{name}", {"metadata": {"name": name}, "data": data})
    with pytest.raises(FlaskshipError, match=name):
        await storage.stored(api.cluster(), PLACE, 1)


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
async def test_what_nobody_finishes_is_marked_as_failed(status: str) -> None:
    api = Api()
    api.helm(3, status, manifest=MANIFEST)
    assert (await storage.revisions(api.cluster(), PLACE))[0].status.under_way
    assert await storage.settle(api.cluster(), PLACE, 3, "its writer was killed")
    found = await storage.stored(api.cluster(), PLACE, 3)
    assert (found.status, found.description) == (
        Status.FAILED,
        "its writer was killed; marked as failed by flaskship",
    )
    assert len(found.documents) == 2
    assert (await storage.revisions(api.cluster(), PLACE))[0].status is Status.FAILED


@pytest.mark.parametrize("status", ["deployed", "failed", "superseded", "uninstalled"])
async def test_what_was_finished_is_left_alone(status: str) -> None:
    api = Api()
    api.helm(3, status)
    assert not await storage.settle(api.cluster(), PLACE, 3, "never")
    assert not any(one.startswith("PUT") for one in api.asked)
    assert not await storage.settle(api.cluster(), PLACE, 4, "is not there")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-26T12:00:00Z", 1795694400.0),
        ("2026-11-26T13:00:00+01:00", 1795694400.0),
        ("0001-01-01T00:00:00Z", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_times_of_helm_and_of_the_api(text: str | None, expected: float) -> None:
    assert storage.seconds(text) == expected
