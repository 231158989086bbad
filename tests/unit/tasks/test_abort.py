"""The stories of pause, resume and abort, and of going back with one application."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.contract.fake import FakeEngine
from tests.contract.world import API, IMAGE, WORKER, Stage, Told

from flaskship.engines.base import Lock, Pause, Resume, Withdrawal
from flaskship.model.errors import ConfigurationError, LockedError
from flaskship.model.release import Provenance, Release
from flaskship.model.snapshot import Phase
from flaskship.model.verdict import Outcome
from flaskship.tasks.abort import abort
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.rollback import rollback
from flaskship.tasks.steer import pause, resume

BY = Provenance("ada")
BREAK = (f"applications.{API}.command={{/bin/false}}",)
SILENT = (f"applications.{API}.ready_path=/never",)


class PausedInTheMiddle(FakeEngine):
    """Somebody pauses the application as soon as a revision of it is applied."""

    async def apply(self, release: Release, lock: Lock) -> int:
        number = await super().apply(release, lock)
        await self.steer("dev", API, Pause(), None)
        return number


async def deployed(stage: Stage, *sets: str, back: bool = True) -> Moved:
    return await deploy(
        stage.world(),
        stage.project,
        stage.environment(),
        stage.engine(),
        Wish(sets=sets, rollback=back),
        Told(),
    )


async def failed(stage: Stage, *more: str) -> None:
    await deployed(stage)
    await deployed(stage, *BREAK, *more, back=False)


def images(stage: Stage, application: str, revision: int) -> tuple[str, str]:
    """The reference and the id that an application runs in a revision."""
    release = stage.state.of("dev").releases[revision]
    (document,) = (
        one
        for one in release.documents
        if one["kind"] == "Deployment" and one["metadata"]["name"] == application
    )
    reference = document["spec"]["template"]["spec"]["containers"][0]["image"]
    return reference, release.images[reference]


async def test_a_pause_shows_and_a_resume_goes_on_to_a_verdict() -> None:
    stage = Stage()
    await deployed(stage)
    held = await pause(stage.world(), stage.engine(), "dev", API, Wish(), Told())
    assert held.exit_code == 0
    assert [one.paused for one in held.snapshot.workloads] == [True, False]
    on = await resume(stage.world(), stage.engine(), "dev", API, Wish(), Told())
    assert on.exit_code == 0
    assert not any(one.paused for one in on.snapshot.workloads)
    assert len(await stage.engine().history("dev")) == 1


async def test_a_deploy_that_is_paused_waits_and_succeeds_once_it_is_resumed() -> None:
    stage, told = Stage(), Told()
    await deployed(stage)
    stage.make = PausedInTheMiddle
    moving = asyncio.ensure_future(deployed(stage, f"applications.{API}.command={{/bin/true}}"))
    while not any(one.phase is Phase.PAUSED for one in (await stage.engine().observe("dev")).workloads):
        await asyncio.sleep(0)
    held = await pause(stage.world(), stage.engine(), "dev", API, Wish(), told)
    assert held.exit_code == 0
    assert not moving.done()
    await stage.engine().steer("dev", API, Resume(), None)
    assert (await moving).successful


async def test_what_does_not_run_is_neither_paused_nor_aborted() -> None:
    stage = Stage()
    with pytest.raises(ConfigurationError, match="does not run"):
        await pause(stage.world(), stage.engine(), "dev", API, Wish(), Told())
    with pytest.raises(ConfigurationError, match="does not run"):
        await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(), Told())


async def test_an_abort_puts_one_application_back_and_leaves_the_others() -> None:
    stage = Stage()
    await failed(stage, f"applications.{WORKER}.replicas=3")
    moved = await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(), Told())
    assert (moved.move.revision, moved.rolled_back_to, moved.exit_code) == (3, 1, 0)
    after = {one.name: one for one in (await stage.engine().observe("dev")).workloads}
    assert after[API].complete
    assert after[WORKER].desired == 3
    outcomes = [one.outcome for one in await stage.engine().history("dev")]
    assert outcomes == [Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.SUCCESSFUL]
    provenance = (await stage.engine().history("dev"))[-1].provenance
    assert provenance.reason == f"aborted {API} of revision 2"


async def test_the_image_of_then_runs_beside_that_of_now() -> None:
    stage = Stage()
    await deployed(stage)
    stage.image_id = "sha256:two"
    await deployed(stage, *BREAK, back=False)
    await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(), Told())
    assert images(stage, API, 3) == (f"{IMAGE}@sha256:one", "sha256:one")
    assert images(stage, WORKER, 3) == (IMAGE, "sha256:two")


async def test_a_paused_rollout_is_aborted_too() -> None:
    stage = Stage()
    await failed(stage)
    await stage.engine().steer("dev", API, Pause(), None)
    moved = await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(), Told())
    assert moved.exit_code == 0
    assert not any(one.paused for one in (await stage.engine().observe("dev")).workloads)


async def test_what_succeeded_is_not_aborted_but_rolled_back() -> None:
    stage = Stage()
    await deployed(stage)
    with pytest.raises(ConfigurationError, match=r"nothing of .* is being rolled out") as refused:
        await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(), Told())
    assert refused.value.hint is not None
    assert f"flaskship rollback dev --app {API}" in refused.value.hint


async def test_the_healthy_application_of_a_failed_revision_has_nothing_to_abort() -> None:
    stage = Stage()
    await failed(stage)
    with pytest.raises(ConfigurationError, match=f"nothing of {WORKER}"):
        await abort(stage.world(), stage.engine(), "dev", WORKER, BY, Wish(), Told())


async def test_a_first_revision_has_nothing_to_go_back_to() -> None:
    stage = Stage()
    await deployed(stage, *BREAK)
    with pytest.raises(ConfigurationError, match="no successful revision before"):
        await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(), Told())


async def test_a_deploy_that_still_watches_is_named() -> None:
    stage = Stage()
    await failed(stage)
    engine: FakeEngine = stage.engine()
    await engine.acquire("dev", "grace: deploy", 0.0)
    with pytest.raises(LockedError, match="grace: deploy"):
        await abort(stage.world(), stage.engine(), "dev", API, BY, Wish(lock_timeout=0), Told())


async def test_one_application_is_rolled_back_alone() -> None:
    stage = Stage()
    await deployed(stage)
    await deployed(stage, f"applications.{API}.replicas=2", f"applications.{WORKER}.replicas=2")
    moved = await rollback(stage.world(), stage.engine(), "dev", None, BY, Wish(), Told(), API)
    assert (moved.rolled_back_to, moved.exit_code) == (1, 0)
    after = {one.name: one.desired for one in (await stage.engine().observe("dev")).workloads}
    assert after == {API: 1, WORKER: 2}


@pytest.mark.parametrize("name", ["api", "nobody"])
async def test_an_application_that_is_not_there_is_refused(name: str) -> None:
    stage = Stage()
    await deployed(stage)
    await deployed(stage)
    with pytest.raises(ConfigurationError, match="is not part of dev"):
        await rollback(stage.world(), stage.engine(), "dev", None, BY, Wish(), Told(), name)
    assert stage.state.holders == {}


class Withdrawing(FakeEngine):
    """An engine through which the holder of the lock can be asked to give up."""

    async def withdraw(self, environment: str, wanted: Withdrawal) -> bool:
        held = self._state.holders.get(environment)
        if held is not None:
            WANTED[held[0]] = wanted
        return held is not None

    async def withdrawn(self, lock: Lock) -> Withdrawal:
        while lock.token not in WANTED:
            await asyncio.sleep(0)
        return WANTED[lock.token]


WANTED: dict[str, Withdrawal] = {}


@pytest.fixture
def asking() -> Iterator[Stage]:
    stage = Stage()
    stage.make = Withdrawing
    yield stage
    WANTED.clear()


async def rolling(stage: Stage, *sets: str, back: bool = True) -> "asyncio.Task[Moved]":
    """A deploy that watches a rollout which cannot end."""
    await deployed(stage)
    number = len(stage.state.of("dev").revisions) + 1
    moving = asyncio.ensure_future(deployed(stage, *SILENT, *sets, back=back))
    while len(stage.state.of("dev").revisions) < number:
        await asyncio.sleep(0)
    return moving


async def test_a_deploy_that_watches_ends_with_who_aborted_it_and_the_abort_goes_back(asking: Stage) -> None:
    moving = await rolling(asking, f"applications.{WORKER}.replicas=3")
    told = Told()
    by = Provenance("ada", reason="wrong branch")
    aborted = await abort(asking.world(), asking.engine(), "dev", API, by, Wish(lock_timeout=500), told)
    ended = await moving
    [cause] = ended.move.verdict.causes
    assert (ended.exit_code, cause.code, cause.application) == (1, "Withdrawn", API)
    assert cause.message == f"ada aborted the rollout of {API}: wrong branch"
    assert (ended.undo, ended.rolled_back_to) == (None, None)
    assert "whoever aborted revision 2" in str(ended.not_undone)
    assert (aborted.exit_code, aborted.move.revision, aborted.rolled_back_to) == (0, 3, 1)
    outcomes = [one.outcome for one in await asking.engine().history("dev")]
    assert outcomes == [Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.SUCCESSFUL]
    after = {one.name: one for one in (await asking.engine().observe("dev")).workloads}
    assert after[API].complete
    assert after[WORKER].desired == 3


async def test_a_deploy_is_not_given_up_for_an_application_that_is_through(asking: Stage) -> None:
    moving = await rolling(asking)
    while not all(
        one.complete for one in (await asking.engine().observe("dev")).workloads if one.name == WORKER
    ):
        await asyncio.sleep(0)
    with pytest.raises(ConfigurationError, match=f"nothing of {WORKER}"):
        await abort(asking.world(), asking.engine(), "dev", WORKER, BY, Wish(lock_timeout=0), Told())
    assert WANTED == {}
    moving.cancel()
    await asyncio.gather(moving, return_exceptions=True)


async def test_an_undo_is_carried_to_its_end_whoever_asks(asking: Stage) -> None:
    await deployed(asking)
    failing = asyncio.ensure_future(deployed(asking, *BREAK))
    while len(asking.state.of("dev").revisions) < 3:
        await asyncio.sleep(0)
    await asking.engine().withdraw("dev", Withdrawal("ada", "", API))
    ended = await failing
    assert ended.rolled_back_to == 1
    assert ended.undo is not None
    assert ended.undo.verdict.outcome is Outcome.SUCCESSFUL
