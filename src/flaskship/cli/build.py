"""flaskship build."""

import click

from flaskship.cli import options
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks.build import build
from flaskship.tasks.world import BuiltImage


@click.command("build")
@click.argument("image", metavar="[IMAGE]", required=False)
@global_options
def command(image: str | None) -> int:
    """Make the project's images on this machine, or one of them."""
    settings = options.current()
    world, project = options.load(settings)
    built: tuple[BuiltImage, ...] = tell(build(world, project, image, settings.output))
    listed = [
        {"repository": one.repository, "id": one.id, "source": one.source, "findings": list(one.findings)}
        for one in built
    ]
    settings.output.summary({"images": listed}, [f"{one.repository}  {one.id}" for one in built])
    return 0
