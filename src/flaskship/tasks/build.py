"""Build: the project's images on this machine."""

from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.model.project import Project
from flaskship.tasks.prepare import build_one, find_source
from flaskship.tasks.world import BuiltImage, Report, World


async def build(world: World, project: Project, image: str | None, report: Report) -> tuple[BuiltImage, ...]:
    """Make one image, named by its repository or a reference to it, or all of them."""
    if not project.images:
        raise ConfigurationError(
            "images: names no image to build", location=Location(project.root / "flaskship.yaml")
        )
    sources = project.images if image is None else (find_source(project, image),)
    built = []
    for source in sources:
        one = await build_one(world, project, source, report)
        for finding in one.findings:
            report.warn(f"image {source.repository}: {finding}")
        built.append(one)
    return tuple(built)
