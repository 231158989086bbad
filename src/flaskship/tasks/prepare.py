"""From the project's files to a release that an engine can apply; nothing running is touched."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flaskship.engines.base import Engine
from flaskship.model.errors import ImageUnknownError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location
from flaskship.model.named import NOTHING, Named
from flaskship.model.project import Environment, ImageSource, Project
from flaskship.model.release import ChartSource, Document, Release, Revision
from flaskship.tasks.nearest import did_you_mean
from flaskship.tasks.world import BuiltImage, Layered, Rendered, Report, World


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asked of a deploy."""

    files: tuple[Path, ...] = ()
    sets: tuple[str, ...] = ()
    reason: str = ""
    timeout: float | None = None
    lock_timeout: float = 30.0
    max_failed: int | None = None
    rollback: bool = True
    named: Named = NOTHING
    """What the command line named, which the commands that are told say again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The rendered environment with the images that it names, none built yet."""

    project: Project
    environment: Environment
    layered: Layered
    rendered: Rendered
    references: tuple[str, ...]
    revision: int


def draft(
    world: World, project: Project, environment: Environment, wish: Wish, revision: int, *, is_upgrade: bool
) -> Draft:
    """Merge the values and render them as the given revision."""
    layered = world.layer_values(project, environment, wish.files, wish.sets)
    rendered = world.render(project, environment, layered, revision, is_upgrade)
    references = tuple(sorted(set(image_references(rendered.documents))))
    return Draft(project, environment, layered, rendered, references, revision)


async def next_draft(
    world: World, project: Project, environment: Environment, engine: Engine, wish: Wish
) -> Draft:
    """Render the environment as the revision that an apply would take now."""
    return drawn_next(world, project, environment, wish, await engine.history(environment.name))


def drawn_next(
    world: World,
    project: Project,
    environment: Environment,
    wish: Wish,
    history: tuple[Revision, ...],
    drawn: Draft | None = None,
) -> Draft:
    """Render the environment as what comes after its history; a draft of that number is kept."""
    revision = history[-1].number + 1 if history else 1
    if drawn is not None and drawn.revision == revision:
        return drawn
    return draft(world, project, environment, wish, revision, is_upgrade=bool(history))


async def build_all(world: World, plan: Draft, report: Report) -> dict[str, str]:
    """Make the images that the manifests name on this machine; return reference -> id."""
    # Nothing is made for a release that cannot be complete.
    sources = {reference: _source_of(world, plan, reference) for reference in plan.references}
    built: dict[str, BuiltImage] = {}
    ids = {}
    for reference, source in sources.items():
        if source.repository not in built:
            built[source.repository] = await build_one(world, plan.project, source, report)
        ids[reference] = built[source.repository].id
    return ids


def compose(world: World, plan: Draft, images: Mapping[str, str], wish: Wish) -> Release:
    """Put the manifests, the images and who asked for them together."""
    provenance = world.provenance(plan.project.root, wish.reason)
    return Release(
        environment=plan.environment.name,
        name=plan.environment.release,
        namespace=plan.environment.namespace,
        documents=plan.rendered.documents,
        provenance=replace(provenance, chart_digest=plan.rendered.chart_digest, undo=wish.rollback),
        images=dict(images),
        notes=plan.rendered.notes,
        chart=ChartSource(os.fspath(plan.project.chart), plan.rendered.values),
        hooks=plan.rendered.hooks,
    )


async def build_one(world: World, project: Project, source: ImageSource, report: Report) -> BuiltImage:
    """Make one image, or find that it is there."""
    report.step(f"image {source.repository}: building from {relative(source.context, project.root)}")
    return await world.build_image(project, source, report)


def relative(path: Path, root: Path) -> Path:
    """Return the path as somebody in the project's folder would write it."""
    return path.relative_to(root) if path.is_relative_to(root) else path


def find_source(project: Project, reference: str) -> ImageSource:
    """Return how this machine makes the image of a reference, or say that flaskship.yaml does not tell."""
    repository = repository_of(reference)
    for source in project.images:
        if source.repository == repository:
            return source
    near = did_you_mean(repository, (source.repository for source in project.images))
    raise ImageUnknownError(
        f"image {reference!r} is unknown: images: in flaskship.yaml does not say how this machine makes it",
        location=Location(project.root / "flaskship.yaml"),
        hint=f"correct the image, or add it to images: in flaskship.yaml ({near})",
    )


def _source_of(world: World, plan: Draft, reference: str) -> ImageSource:
    """The source of an image, or the refusal with the line that names the image."""
    try:
        return find_source(plan.project, reference)
    except ImageUnknownError as unknown:
        unknown.location = _image_line(world, plan, reference) or unknown.location
        raise


def _image_line(world: World, plan: Draft, reference: str) -> Location | None:
    """Where the first workload that wants the image has it from."""
    for document in plan.rendered.documents:
        if reference in _images(document.get("spec")):
            metadata = document.get("metadata") or {}
            found = world.locate(plan.layered, document, "image.repository")
            file = plan.rendered.sources.get((str(document.get("kind")), str(metadata.get("name"))))
            if found is None and file is not None:
                path = "spec.template.spec.containers[0].image"
                return world.find_in_template(file, document, path)
            return found
    return None


def repository_of(reference: str) -> str:
    """Return an image reference without its tag and digest; a registry's port is no tag."""
    name = reference.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}"


def image_references(documents: tuple[Document, ...]) -> Iterator[str]:
    """Yield every image that a container of the documents names."""
    for document in documents:
        yield from _images(document.get("spec"))


def _images(spec: Any) -> Iterator[str]:
    if not isinstance(spec, Mapping):
        return
    for key in ("initContainers", "containers"):
        for container in spec.get(key) or ():
            if isinstance(container, Mapping) and isinstance(container.get("image"), str):
                yield container["image"]
    for key in ("template", "jobTemplate"):
        if isinstance(inner := spec.get(key), Mapping):
            yield from _images(inner.get("spec"))
