"""Build: the project's images on this machine, or as containers in a cluster's nodes or a registry."""

from collections.abc import Iterator
from dataclasses import dataclass

from flaskship.containers.names import verified_repository, verified_tag
from flaskship.containers.shipment import Builder, Loading, Pushing, Shipment, Shipped
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.model.project import ImageSource, Project
from flaskship.policy.images import parse_image
from flaskship.tasks.prepare import Wish, build_one, draft, find_source, repository_of
from flaskship.tasks.world import BuiltImage, Report, World

UNNAMED_TAG = "latest"


@dataclass(frozen=True, slots=True)
class Order:
    """Where containers of the project's images are wanted, and how they are built."""

    load: Loading | None = None
    push: bool = False
    to: str | None = None
    builder: Builder | None = None
    options: tuple[str, ...] = ()


async def build(world: World, project: Project, image: str | None, report: Report) -> tuple[BuiltImage, ...]:
    """Make one image, named by its repository or a reference to it, or all of them."""
    built = []
    for source in _sources(project, image):
        one = await build_one(world, project, source, report)
        for finding in one.findings:
            report.warn(f"image {source.repository}: {finding}")
        built.append(one)
    return tuple(built)


async def ship(
    world: World, project: Project, image: str | None, order: Order, report: Report
) -> tuple[Shipped, ...]:
    """Build containers of one image or of all, and load or push them."""
    sources = _sources(project, image)
    if order.to is not None and len(sources) > 1:
        raise ConfigurationError(
            "--to names one repository, and the project has several images",
            hint=f"name one: {', '.join(source.repository for source in sources)}",
        )
    to = verified_repository(order.to) if order.to is not None else None
    tag = parse_image(image).tag if image is not None else ""
    return tuple(
        [
            await world.ship(_shipment(world, project, source, tag, to, order, report), report)
            for source in sources
        ]
    )


def _sources(project: Project, image: str | None) -> tuple[ImageSource, ...]:
    if not project.images:
        raise ConfigurationError(
            "images: names no image to build", location=Location(project.root / "flaskship.yaml")
        )
    return project.images if image is None else (find_source(project, image),)


def _shipment(
    world: World,
    project: Project,
    source: ImageSource,
    tag: str,
    to: str | None,
    order: Order,
    report: Report,
) -> Shipment:
    tags = (verified_tag(tag),) if tag else tuple(dict.fromkeys(_tags(world, project, source, report)))
    destination = order.load or Pushing(to or source.repository, stamped=not tag)
    if order.push and not tag:
        # One image goes to a registry once, under one name that its source makes its own.
        tags = tags[:1]
    return Shipment(
        root=project.root,
        repository=source.repository,
        context=source.context,
        tags=tags or (UNNAMED_TAG,),
        destination=destination,
        builder=order.builder,
        options=order.options,
    )


def _tags(world: World, project: Project, source: ImageSource, report: Report) -> Iterator[str]:
    """Every tag by which an environment names the image."""
    for environment in project.environments:
        try:
            plan = draft(world, project, environment, Wish(), 1, is_upgrade=False)
        except ConfigurationError as error:
            report.warn(f"{environment.name} does not render, so its tags are not known: {error}")
            continue
        for reference in plan.references:
            if repository_of(reference) == source.repository and (tag := parse_image(reference).tag):
                yield tag
