"""A change that goes through Git: committed, perhaps pushed, followed until Argo CD has applied it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from flaskship.chart.writing import replace_file
from flaskship.engines.base import Engine
from flaskship.gitops.application import Sync, application_of, sync_of
from flaskship.gitops.repository import Commit, Repository
from flaskship.model.errors import ConfigurationError, FlaskshipError, TwoWritersError
from flaskship.model.project import Environment, Project
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.single_writer import NAMES, claims, objects_of
from flaskship.tasks.verify import verify
from flaskship.tasks.world import Report, World

PROMOTION = "Flaskship-Promotion"
REVERTS = "Flaskship-Reverts"
ACTOR = "Flaskship-Actor"
NOT_APPLIED = "NotYetApplied"
SYNC_FAILED = "SyncFailed"
LOOK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Pushing:
    """Whether a commit is pushed too, and how long Argo CD is then followed."""

    push: bool = False
    timeout: float = 300.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a commit: where it was pushed, and what Argo CD says."""

    commit: str
    verdict: Verdict
    pushed_to: str | None = None
    sync: Sync | None = None
    unknown: str | None = None
    """Why Argo CD could not be asked."""
    next: str | None = None

    @property
    def exit_code(self) -> int:
        """1 where Argo CD was followed and did not come to this commit healthily, else 0."""
        return 1 if self.verdict.outcome is Outcome.FAILED else 0


def verify_clean(repository: Repository, project: Project, command: str) -> None:
    """Raise where the checkout has changes of the chart that a commit of one file would leave behind."""
    changed = repository.changed((project.chart, project.root / "flaskship.yaml"))
    if changed:
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise ConfigurationError(
            f"there are changes that are not committed: {shown}",
            hint=f"commit or stash them, then: {command}",
        )


async def verify_owner(
    world: World, project: Project, environment: Environment, report: Report
) -> Engine | None:
    """Return the environment's engine where its objects are its writer's; None where it cannot be asked.

    Raise TwoWritersError where they are somebody else's. The caller closes the engine.
    """
    try:
        engine = world.open_engine(project, environment, environment.engine)
    except FlaskshipError as error:
        report.warn(f"whose objects {environment.name} has is not known: {error.message}")
        return None
    try:
        live = await engine.live(environment.name, await objects_of(world, project, environment, engine))
        other = next((one for one in claims(live) if one.writer != environment.writer), None)
    except FlaskshipError as error:
        await engine.close()
        report.warn(f"whose objects {environment.name} has is not known: {error.message}")
        return None
    except BaseException:
        await engine.close()
        raise
    if other is not None:
        await engine.close()
        raise TwoWritersError(
            f"flaskship.yaml gives {environment.name} to {NAMES[environment.writer]}, and {other} "
            f"({NAMES[other.writer]})",
            hint=f"let one of them go: change writer: of {environment.name}, or let "
            f"{NAMES[environment.writer]} apply it first",
        )
    return engine


def last_promotion(commits: Iterable[Commit], environment: str) -> Commit | None:
    """Return the newest promotion to an environment that was not reverted; commits come newest first."""
    reverted: set[str] = set()
    for commit in commits:
        if (sha := commit.trailer(REVERTS)) is not None:
            reverted.add(sha)
            continue
        said = commit.trailer(PROMOTION)
        if said is not None and said.endswith(f"-> {environment}") and commit.sha not in reverted:
            return commit
    return None


def message_of(subject: str, lines: Iterable[str], trailers: Mapping[str, str]) -> str:
    """A commit's message: for people, and with trailers for the way back."""
    parts = [subject, "\n".join(lines), "\n".join(f"{key}: {value}" for key, value in trailers.items())]
    return "\n\n".join(part for part in parts if part) + "\n"


async def deliver(
    world: World,
    repository: Repository,
    environment: Environment,
    file: Path,
    text: str,
    message: str,
    pushing: Pushing,
    report: Report,
) -> Delivery:
    """Commit the file; where wanted push it and follow Argo CD until that commit is applied and healthy."""
    remote = repository.remote_of(repository.branch())
    if pushing.push and remote is None:
        raise ConfigurationError(
            "--push: this checkout's branch follows no remote branch",
            hint="git push --set-upstream REMOTE BRANCH once, or leave --push out",
        )
    sha = repository.commit(file, text, message)
    replace_file(file, text)
    report.step(f"committed {sha[:12]}: {message.splitlines()[0]}")
    delivery = Delivery(sha, _not_yet("committed, and not pushed"))
    if not pushing.push or remote is None:
        to = f"{remote[0]} HEAD:{remote[1]}" if remote else "to the branch that Argo CD follows"
        return replace(await _with_sync(world, environment, delivery), next=f"git push {to}")
    repository.push(*remote, sha)
    report.step(f"pushed to {remote[0]} {remote[1]}")
    return await follow_sync(
        world, environment, replace(delivery, pushed_to=" ".join(remote)), pushing.timeout, report
    )


async def follow_sync(
    world: World, environment: Environment, delivery: Delivery, timeout: float, report: Report
) -> Delivery:
    """Look at Argo CD until it has applied the commit and finds it healthy, it fails, or time is up."""
    begun, told = world.now(), ""
    while True:
        delivery = await _with_sync(world, environment, delivery)
        sync = delivery.sync
        if sync is None:
            report.warn(f"Argo CD cannot be asked: {delivery.unknown}")
            return replace(delivery, verdict=_not_yet("pushed"), next="see that Argo CD syncs the commit")
        if str(sync) != told:
            told = str(sync)
            report.step(told)
        if sync.reached(delivery.commit):
            return replace(delivery, verdict=Verdict(Outcome.SUCCESSFUL))
        # What is degraded before the commit is applied says nothing of the commit.
        applied = sync.status == "Synced" and sync.revision == delivery.commit
        late = world.now() - begun >= timeout
        if late or (applied and sync.health == "Degraded"):
            why = f"{sync}; commit {delivery.commit[:12]} was not healthy" + (
                f" within {timeout:g} s" if late else ""
            )
            return replace(delivery, verdict=Verdict(Outcome.FAILED, (Cause(SYNC_FAILED, why),)))
        await world.sleep(LOOK_SECONDS)


async def verified_too(
    world: World, project: Project, engine: Engine, environment: Environment, delivery: Delivery
) -> Delivery:
    """Judge what Argo CD calls healthy by our own means as well: its replicas and its addresses."""
    if delivery.verdict.outcome is not Outcome.SUCCESSFUL:
        return delivery
    try:
        applied = await objects_of(world, project, environment, engine)
        verified = await verify(world, engine, environment.name, applied=applied)
        return replace(delivery, verdict=verified.verdict)
    except FlaskshipError as error:
        return replace(delivery, unknown=f"not verified by flaskship itself: {error.message}")


async def _with_sync(world: World, environment: Environment, delivery: Delivery) -> Delivery:
    try:
        found = application_of(environment, await world.argo(environment))
    except FlaskshipError as error:
        return replace(delivery, sync=None, unknown=error.message)
    if found is None:
        return replace(delivery, sync=None, unknown=f"no Application applies {environment.namespace}")
    return replace(delivery, sync=sync_of(found), unknown=None)


def _not_yet(done: str) -> Verdict:
    cause = Cause(NOT_APPLIED, f"{done}: Argo CD has not been seen to apply it")
    return Verdict(Outcome.INCONCLUSIVE, (cause,))
