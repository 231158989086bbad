"""What the environment that is promoted from has proven: which digests ran, verified, and are running now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flaskship.containers.names import qualified
from flaskship.containers.shipment import Pushed
from flaskship.engines.base import Engine
from flaskship.model.errors import DeployError, PreflightError
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document, Release, Revision
from flaskship.model.snapshot import Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Outcome, Receipt, Verdict
from flaskship.policy.images import parse_image
from flaskship.tasks.one_application import WORKLOADS, application_of
from flaskship.tasks.prepare import image_references
from flaskship.tasks.single_writer import LOCAL
from flaskship.tasks.targets import find_application, runs
from flaskship.tasks.world import World


@dataclass(frozen=True, slots=True)
class Image:
    """What one application runs, as a registry names it; several where a source was pushed to several."""

    application: str
    named: str
    """The reference in the manifests of the environment that is promoted from."""
    choices: tuple[Pushed, ...]
    """The newest last: the same image, under each repository that is known to have it."""

    def at(self, repository: str) -> Pushed:
        """The image in this repository where it is known to be there, else where it was put last."""
        wanted = qualified(repository)
        return next(
            (one for one in reversed(self.choices) if qualified(one.repository) == wanted), self.choices[-1]
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """One verified revision that runs healthily, with the digest of each of its applications."""

    environment: str
    engine: str
    release: str
    revision: int
    receipt: Receipt | None
    images: Mapping[str, Image]


async def prove(
    world: World, project: Project, environment: Environment, engine: Engine, only: str | None = None
) -> Proof:
    """Return what an environment has proven; DeployError where it is not healthy."""
    snapshot = await engine.observe(environment.name)
    history = await engine.history(environment.name)
    revision = verified(environment, snapshot, history, world.judge(snapshot, world.now()))
    if only is not None:
        find_application(environment.name, only, (one.application for one in snapshot.workloads))
    release = await engine.recall(environment.name, revision.number)
    refuse_drifted(environment, engine.name, release.documents, snapshot.workloads, only)
    images = {
        one.application: _image(world, project, environment, engine.name, release, revision, one)
        for one in snapshot.workloads
        if one.kind in WORKLOADS and only in (None, one.application)
    }
    return Proof(environment.name, engine.name, release.name, revision.number, revision.receipt, images)


def verified(
    source: Environment, snapshot: Snapshot, history: Sequence[Revision], now: Verdict | None
) -> Revision:
    """Return the newest revision where it was successful and is healthy now: a pure decision."""
    environment, hint = source.name, f"see: {source.command('status')}; promote what is healthy"
    if not history or snapshot.release is None or not runs(snapshot):
        raise DeployError(f"{environment} does not run, so it has proven nothing", hint=hint)
    newest = history[-1]
    if newest.outcome is not Outcome.SUCCESSFUL:
        said = str(newest.outcome) if newest.outcome else "not judged yet"
        raise DeployError(f"{environment} revision {newest.number} is {said}: it is not promoted", hint=hint)
    if now is None or now.outcome is not Outcome.SUCCESSFUL:
        causes = "; ".join(
            f"{cause.application or cause.replica or ''}: {cause.message}".lstrip(": ")
            for cause in (now.causes if now else ())
        )
        raise DeployError(
            f"{environment} revision {newest.number} was successful and is not healthy now"
            + (f": {causes}" if causes else ""),
            hint=hint,
        )
    return newest


def refuse_drifted(
    source: Environment,
    engine: str,
    documents: Iterable[Document],
    workloads: Iterable[WorkloadSnapshot],
    only: str | None = None,
) -> None:
    """Refuse what was changed since it was verified, by hand or otherwise: a pure decision."""
    written = {(one["kind"], one["metadata"]["name"]): one for one in documents if one["kind"] in WORKLOADS}
    for workload in workloads:
        document = written.get((workload.kind, workload.name))
        if document is None or only not in (None, workload.application):
            continue
        spec = document.get("spec") or {}
        said = _first_image(spec)
        # A registry's mirror may rename an image, its digest stays; a tag is refused as one.
        digest = parse_image(said).digest if engine != LOCAL else ""
        if digest and parse_image(workload.image).digest != digest:
            raise _drifted(source, workload, f"image {said}", workload.image or "none")
        # Without a number of its own it is an autoscaler's, which may have brought it to none.
        if workload.desired == 0 and spec.get("replicas"):
            raise _drifted(source, workload, f"{spec['replicas']} replicas", "0")


def _first_image(spec: Document) -> str:
    """The image that a snapshot names for a workload: that of its first container."""
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    return str(containers[0].get("image") or "") if containers else ""


def _drifted(source: Environment, workload: WorkloadSnapshot, said: str, now: str) -> DeployError:
    return DeployError(
        f"{source.name} is not what was verified: {workload.kind} {workload.name} "
        f"should have {said}, and has {now}",
        hint=f"bring back what the files say, then promote again: {source.command('deploy')}",
    )


def _image(
    world: World,
    project: Project,
    environment: Environment,
    engine: str,
    release: Release,
    revision: Revision,
    workload: WorkloadSnapshot,
) -> Image:
    application = workload.application
    named = _named(release.documents, application) or workload.image
    if engine == LOCAL:
        image = revision.images.get(application) or release.images.get(named, "")
        source = world.local_source(project, image)
        return Image(application, named, _pushed_from(world.pushed(project), source, environment, named))
    reference = parse_image(named)
    digest = reference.digest
    # What pods report for a tag may be the digest of a configuration, which no registry can be asked for.
    if not digest:
        raise PreflightError(
            f"{environment.name} runs {application} as {named}, by a tag, which can move to another image",
            hint="deploy it by digest first: "
            + environment.command("deploy", "--image", f"{application}={reference.repository}@sha256:..."),
        )
    return Image(application, named, (Pushed(reference.repository, reference.tag, digest, "", revision.at),))


def _pushed_from(
    pushed: Iterable[Pushed], source: str | None, environment: Environment, named: str
) -> tuple[Pushed, ...]:
    found = tuple(one for one in pushed if source is not None and one.source == source)
    if not found:
        raise PreflightError(
            f"no pushed image has the source that {environment.name} runs as {named}",
            hint="push it, then promote again: "
            f"{environment.named.elsewhere().command('build', '--push')} (its source must be what runs: "
            f"{environment.command('up')} first where it changed)",
        )
    return found


def _named(documents: Iterable[Document], application: str) -> str | None:
    """The image of an application's main container: the one that carries its name, else the first."""
    for document in documents:
        if document.get("kind") in WORKLOADS and application_of(document) == application:
            template = ((document.get("spec") or {}).get("template") or {}).get("spec") or {}
            containers = template.get("containers") or ()
            main = [one for one in containers if one.get("name") == application] or list(containers)
            if main:
                return str(main[0].get("image"))
            return next(iter(image_references((document,))), None)
    return None


def main_image(documents: Iterable[Document], application: str) -> str | None:
    """Return the image reference of an application's main container."""
    return _named(documents, application)
