"""Images on a cluster: named by digest where the values want it."""

from collections.abc import Iterator

from flaskship.model.errors import PreflightError
from flaskship.policy.images import parse_image
from flaskship.tasks.one_application import WORKLOADS, application_of
from flaskship.tasks.places import place, value_at
from flaskship.tasks.prepare import Draft, image_references
from flaskship.tasks.world import World


def refuse_tags(world: World, plan: Draft) -> None:
    """Raise where an application whose values say image.requireDigest has an image by its tag alone."""
    for application, reference in _by_tag(plan):
        path = f"applications.{application.replace('.', chr(92) + '.')}.image"
        if value_at(world, plan.layered, f"{path}.requireDigest") is not True:
            continue
        name, origin = plan.environment.name, plan.environment.promotes_from
        repository = parse_image(reference).repository
        named = plan.environment.named
        promote = f"{named.command('promote', origin, name)}, or " if origin else ""
        image = f"{application}={repository}@sha256:..."
        raise PreflightError(
            f"{name}: {application} has {reference} by its tag, and image.requireDigest wants a digest",
            location=place(world, plan.layered, f"{path}.digest"),
            hint=f"{promote}{named.command('deploy', name, '--image', image)}",
        )


def _by_tag(plan: Draft) -> Iterator[tuple[str, str]]:
    for document in plan.rendered.documents:
        application = application_of(document)
        if document.get("kind") in WORKLOADS and application is not None:
            for reference in image_references((document,)):
                if not parse_image(reference).digest:
                    yield application, reference
