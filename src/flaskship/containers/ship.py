"""Building an image for clusters and bringing it where it is wanted, step by step."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from flaskship.containers import commands
from flaskship.containers.commands import Step
from flaskship.containers.names import qualified
from flaskship.containers.record import remember
from flaskship.containers.shipment import BUILDERS, Builder, Loading, Pushed, Pushing, Shipment, Shipped
from flaskship.containers.targets import NodeFacts, chosen
from flaskship.engines.local.images.context import locate_dockerfile, source_digest
from flaskship.engines.local.images.masking import mask
from flaskship.engines.local.images.process import Job, Outcome, Runner, run_job
from flaskship.model.errors import DeployError, FlaskshipError, PreflightError

LAST_LINES = 12
STAMP = 12
CHANGED = "the source changed while the image was built"


class ImageShipmentError(DeployError):
    """A builder, a node or a registry refused; `output` is the last that it said, masked."""

    code = "ImageShipmentFailed"

    def __init__(self, message: str, *, hint: str | None = None, output: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.output = output


@dataclass(frozen=True, slots=True)
class Dock:
    """What shipping needs from outside: processes, the cluster's nodes, the clock, and who hears of it."""

    run: Runner
    nodes: Callable[[str], Awaitable[tuple[NodeFacts, ...]]]
    now: Callable[[], float]
    heard: Callable[[str], None]
    environment: Mapping[str, str]


async def ship(shipment: Shipment, dock: Dock) -> Shipped:
    """Build the image and load or push it; FlaskshipError says which step failed and what it said."""
    destination = shipment.destination
    target = None
    if isinstance(destination, Loading):
        known = destination.into is None and destination.context is not None
        nodes = await dock.nodes(destination.context or "") if known else ()
        target = chosen(destination.context, destination.into, nodes)
    builder = await find_builder(dock, shipment.builder)
    source = await asyncio.to_thread(source_digest, shipment.context)
    local = f"{qualified(shipment.repository)}:{shipment.tags[0]}"
    dockerfile = locate_dockerfile(shipment.context)
    for step in commands.build_steps(builder, local, shipment.context, dockerfile, source, shipment.options):
        await _do(dock, step)
    if await asyncio.to_thread(source_digest, shipment.context) != source:
        raise ImageShipmentError(CHANGED, hint="nothing was loaded or pushed: build again")
    shipped = Shipped(shipment.repository, source, builder, (), target)
    with tempfile.TemporaryDirectory(prefix="flaskship-image-") as folder:
        for tag in shipment.tags:
            if isinstance(destination, Pushing):
                shipped = await _push(shipment, dock, shipped, local, destination, tag, Path(folder))
            else:
                shipped = await _load(shipment, dock, shipped, local, destination, tag, Path(folder))
    return shipped


async def find_builder(dock: Dock, wanted: Builder | None) -> Builder:
    """Return the first builder that works here, or the one that is wanted where it works."""
    problems = []
    for builder in (wanted,) if wanted else BUILDERS:
        try:
            outcome = await dock.run(_job(dock, commands.PROBES[builder]), lambda _: None)
        except FileNotFoundError:
            problems.append(f"{builder}: not installed")
            continue
        if outcome.status == 0:
            return builder
        problems.append(f"{builder}: {mask(outcome.lines[-1]) if outcome.lines else 'does not answer'}")
    raise PreflightError(
        f"{wanted} does not work here" if wanted else "no builder of container images works here",
        hint="; ".join(problems) + "; start or install one of docker, podman, buildah",
    )


async def _push(
    shipment: Shipment, dock: Dock, shipped: Shipped, local: str, to: Pushing, tag: str, folder: Path
) -> Shipped:
    repository = qualified(to.repository)
    tag = f"{tag}-{shipped.source[:STAMP]}" if to.stamped else tag
    alias, written = f"{repository}:{tag}", folder / "digest"
    written.unlink(missing_ok=True)
    for step in commands.tag_steps(shipped.builder, local, alias):
        await _do(dock, step)
    outcome = await _do(dock, commands.push_step(shipped.builder, local, alias, written))
    said = written.read_text(encoding="utf-8") if written.exists() else ""
    digest = commands.pushed_digest(outcome.lines, said)
    if digest is None:
        raise ImageShipmentError(
            f"{shipped.builder} pushed {alias} and told no digest", output=outcome.lines[-LAST_LINES:]
        )
    await _do(dock, commands.confirm_step(shipped.builder, repository, digest))
    pushed = Pushed(to.repository, tag, digest, shipped.source, dock.now())
    remember(shipment.root, pushed)
    return replace(shipped, names=(*shipped.names, alias), pushed=(*shipped.pushed, pushed))


async def _load(
    shipment: Shipment, dock: Dock, shipped: Shipped, local: str, to: Loading, tag: str, folder: Path
) -> Shipped:
    assert shipped.into is not None
    repository = qualified(shipment.repository)
    alias, archive = f"{repository}:{tag}", folder / "image.tar"
    archive.unlink(missing_ok=True)
    for step in commands.tag_steps(shipped.builder, local, alias):
        await _do(dock, step)
    if commands.needs_archive(shipped.into, shipped.builder):
        await _do(dock, commands.archive_step(shipped.builder, local, alias, archive))
    digest = None
    cluster = to.context or ""
    for step in commands.load_steps(shipped.into, shipped.builder, alias, archive, cluster, to.ctr):
        digest = commands.unpacked_digest((await _do(dock, step)).lines)
    digests = shipped.digests
    if digest is not None:
        await _do(dock, commands.digest_name_step(shipped.into, alias, digest, to.ctr))
        digests = (*digests, f"{shipment.repository}:{tag}@{digest}")
    return replace(shipped, names=(*shipped.names, alias), digests=digests)


async def _do(dock: Dock, step: Step) -> Outcome:
    dock.heard(step.what)
    job = _job(dock, step.argv, step.stdin)
    try:
        outcome = await dock.run(job, lambda line: dock.heard(mask(line)))
    except FileNotFoundError:
        raise PreflightError(
            f"{step.what}: {step.argv[0]} is not installed", hint=f"install {step.argv[0]}"
        ) from None
    except OSError as error:
        raise FlaskshipError(f"{step.what}: {step.argv[0]} does not start: {error.strerror}") from None
    if outcome.status != 0:
        last = tuple(mask(line) for line in outcome.lines[-LAST_LINES:])
        told = f": {last[-1]}" if last else ""
        raise ImageShipmentError(
            f"{step.what} failed: {step.argv[0]} ended with {outcome.status}{told}",
            hint=_advice(" ".join(last)),
            output=last,
        )
    return outcome


def _job(dock: Dock, argv: commands.Argv, stdin: Path | None = None) -> Job:
    return Job(argv, dock.environment, Path.cwd(), stdin=stdin)


def _advice(said: str) -> str | None:
    lowered = said.lower()
    if any(
        word in lowered for word in ("unauthorized", "denied", "no basic auth", "authentication required")
    ):
        return "log the builder in to that registry first (docker login, podman login or buildah login)"
    if "connection refused" in lowered or "no such host" in lowered:
        return "the registry does not answer: is its name right?"
    if "no space left" in lowered:
        return "the disk is full"
    return None


def real_dock(heard: Callable[[str], None], now: Callable[[], float]) -> Dock:
    """Return the dock of this machine."""
    return Dock(run_job, _nodes, now, heard, dict(os.environ))


async def _nodes(context: str) -> tuple[NodeFacts, ...]:
    """What the nodes of a context say of themselves."""
    from flaskship.containers.targets import node_facts
    from flaskship.engines.kubernetes.client import Cluster
    from flaskship.engines.kubernetes.resources import NODES

    cluster = Cluster.of(context)
    try:
        return tuple(node_facts(node) for node in (await cluster.list(NODES)).items)
    finally:
        await cluster.close()
