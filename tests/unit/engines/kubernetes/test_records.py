"""Records beside Helm's revisions: bound to the very revision they were written for."""

from tests.unit.engines.kubernetes.api import PLACE, SECRETS, Api

from flaskship.engines.kubernetes import records
from flaskship.engines.kubernetes.records import Record
from flaskship.engines.kubernetes.storage import HelmRevision, Status
from flaskship.model.release import Provenance
from flaskship.model.verdict import Cause, Outcome, Receipt, Verdict

GRACE = Provenance("grace", "a new colour", "c0ffee1234567890")
VERDICT = Verdict(Outcome.FAILED, (Cause("ExitNonZero", "ended", "web", evidence=("grün",)),))


def record(number: int = 1, mark: str = "a") -> Record:
    return Record(number, mark, 100.0, GRACE, {"web": ""}, {"demo:1.0": "sha256:1"})


def revision(number: int = 1, mark: str = "a") -> HelmRevision:
    return HelmRevision(number, Status.DEPLOYED, 90.0, mark)


async def test_a_record_is_kept_whole() -> None:
    api = Api()
    done = records.concluded(record(), VERDICT, Receipt(9, 1, 1.0, 2.0, 3.0), {"web": "sha256:2", "x": ""})
    await records.write(api.cluster(), PLACE, record())
    await records.write(api.cluster(), PLACE, done)
    assert await records.read(api.cluster(), PLACE) == {1: done}
    assert done.images == {"web": "sha256:2"}
    await records.forget(api.cluster(), PLACE, 1)
    assert await records.read(api.cluster(), PLACE) == {}


async def test_a_record_that_cannot_be_read_is_left_out() -> None:
    api = Api()
    await records.write(api.cluster(), PLACE, record())
    stored = api.objects[f"{SECRETS}/flaskship.revision.dev-apps.v1"]
    stored["data"] = {"record": "e30="}
    assert await records.read(api.cluster(), PLACE) == {}


def test_a_revision_is_joined_with_its_own_record_only() -> None:
    known = {1: record(1, "a"), 2: record(2, "b")}
    found = records.joined((revision(1, "a"), revision(2, "a"), revision(3, "a")), known)
    assert [one.provenance.actor for one in found] == ["grace", "helm", "helm"]
    assert [one.number for one in found] == [1, 2, 3]
    assert found[1].at == 90.0


def test_a_record_whose_revision_helm_never_made_is_nobodys() -> None:
    assert records.joined((), {1: record()}) == ()


def test_the_outcome_is_the_verdicts() -> None:
    done = records.concluded(record(), VERDICT, None, {})
    (found,) = records.joined((revision(),), {1: done})
    assert (found.outcome, found.verdict) == (Outcome.FAILED, VERDICT)


def test_helms_own_history_says_who_and_why() -> None:
    assert records.description(GRACE) == "grace: a new colour (commit c0ffee123456)"
    assert records.description(Provenance("ada")) == "ada: deploy"
