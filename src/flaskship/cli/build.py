"""flaskship build."""

import shlex
from typing import Any

import click

from flaskship.cli import options
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.containers.shipment import BUILDERS, TARGETS, Builder, Loading, Shipped, Target
from flaskship.model.errors import ConfigurationError
from flaskship.tasks.build import Order, build, ship
from flaskship.tasks.world import BuiltImage


@click.command("build")
@click.argument("image", metavar="[IMAGE]", required=False)
@click.option("--load", is_flag=True, help="Build a container and bring it into a cluster's nodes.")
@click.option(
    "--push", is_flag=True, help="Build a container, push it, and tell the digest that promotion wants."
)
@click.option("--to", metavar="REPOSITORY", help="Push to this repository instead of the image's own.")
@click.option("--context", metavar="NAME", help="The cluster to load into.")
@click.option(
    "--into", type=click.Choice(TARGETS), help="What kind of cluster it is, where its nodes do not tell."
)
@click.option(
    "--ctr", metavar="COMMAND", help="How containerd's ctr is reached, such as: ssh node1 sudo ctr."
)
@click.option("--builder", type=click.Choice(BUILDERS), help="The builder; the first that works otherwise.")
@click.option(
    "--build-option",
    "build_options",
    multiple=True,
    metavar="OPTION",
    help="A further word of the builder's build command; may be repeated.",
)
@global_options
def command(
    image: str | None,
    load: bool,
    push: bool,
    to: str | None,
    context: str | None,
    into: Target | None,
    ctr: str | None,
    builder: Builder | None,
    build_options: tuple[str, ...],
) -> int:
    """Make the project's images, or one: for this machine, or as containers that are loaded or pushed."""
    _refuse_contradictions(
        load,
        push,
        of_load={"--context": context, "--into": into, "--ctr": ctr},
        of_push={"--to": to},
        of_both={"--builder": builder, "--build-option": build_options},
    )
    settings = options.current()
    world, project = options.load(settings)
    if not (load or push):
        built: tuple[BuiltImage, ...] = tell(build(world, project, image, settings.output))
        listed = [
            {"repository": one.repository, "id": one.id, "source": one.source, "findings": list(one.findings)}
            for one in built
        ]
        settings.output.answer({"images": listed}, [f"{one.repository}  {one.id}" for one in built])
        return 0
    loading = Loading(context, into, tuple(shlex.split(ctr or ""))) if load else None
    order = Order(loading, push, to, builder, build_options)
    shipped: tuple[Shipped, ...] = tell(ship(world, project, image, order, settings.output))
    settings.output.answer(
        {"images": [_document(one) for one in shipped]}, [line for one in shipped for line in _lines(one)]
    )
    return 0


def _refuse_contradictions(
    load: bool, push: bool, *, of_load: dict[str, Any], of_push: dict[str, Any], of_both: dict[str, Any]
) -> None:
    if load and push:
        raise ConfigurationError("--load and --push are two things", hint="say one of them, then the other")
    for wanted, given, name in (
        (load, of_load, "--load"),
        (push, of_push, "--push"),
        (load or push, of_both, "--load or --push"),
    ):
        stray = next((option for option, value in given.items() if value), None)
        if stray is not None and not wanted:
            raise ConfigurationError(f"{stray} goes with {name}", hint=f"add {name}, or leave {stray} out")


def _document(one: Shipped) -> dict[str, Any]:
    return {
        "repository": one.repository,
        "source": one.source,
        "builder": one.builder,
        "names": list(one.names),
        "into": one.into,
        "digests": list(one.digests),
        "pushed": [
            {"repository": p.repository, "tag": p.tag, "digest": p.digest, "reference": p.reference}
            for p in one.pushed
        ],
    }


def _lines(one: Shipped) -> list[str]:
    if one.pushed:
        return [f"pushed  {p.reference}" for p in one.pushed]
    return [f"loaded  {name}  ({one.into})" for name in one.digests or one.names]
