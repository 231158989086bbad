"""Verify: is what runs healthy, and does every address answer?"""

from dataclasses import dataclass

from flaskship.engines.base import Engine
from flaskship.model.errors import ConfigurationError
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.health import ask_all, with_answers
from flaskship.tasks.reach import reachable
from flaskship.tasks.result import exit_code
from flaskship.tasks.targets import runs
from flaskship.tasks.world import HealthAnswer, World


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict on what runs now, with what each address answered."""

    snapshot: Snapshot
    verdict: Verdict
    answers: tuple[HealthAnswer, ...]

    @property
    def exit_code(self) -> int:
        """0 only where everything is known to be well."""
        return exit_code(self.verdict)


async def verify(world: World, engine: Engine, environment: str) -> Verified:
    """Judge the environment as it is at this instant and ask each of its addresses."""
    snapshot = await engine.observe(environment)
    if snapshot.release is None or not runs(snapshot):
        raise ConfigurationError(
            f"{environment} does not run on {engine.name}: there is nothing to verify",
            hint=f"start it: flaskship up {environment}",
        )
    release = await engine.recall(environment, snapshot.release.revision)
    async with reachable(engine, snapshot) as reached:
        answers = await ask_all(world, reached, release.documents)
    verdict = world.judge(snapshot, world.now()) or _undecided(world, snapshot)
    return Verified(snapshot, with_answers(verdict, answers), answers)


def _undecided(world: World, snapshot: Snapshot) -> Verdict:
    waiting = tuple(
        f"{one.name}: {one.ready} of {one.desired} ready" for one in snapshot.workloads if not one.complete
    )
    cause = Cause("StillMoving", "a rollout is under way and cannot be judged yet", evidence=waiting)
    return Verdict(Outcome.INCONCLUSIVE, (cause, *world.causes(snapshot, world.now())))
