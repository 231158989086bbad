"""Making an image: decide, copy, install, and only then give it its name."""

import asyncio
import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from flaskship.engines.local.images.context import (
    Context,
    copy_context,
    digest_of,
    locate_dockerfile,
    read_context,
)
from flaskship.engines.local.images.dockerfile import Command, Dockerfile
from flaskship.engines.local.images.errors import ImageUnreadableError
from flaskship.engines.local.images.image import (
    FORMAT,
    RECORD,
    ImageCommand,
    LocalImage,
    Note,
    UsedInterpreter,
    dump_image,
)
from flaskship.engines.local.images.install import Workshop, install_all, precompile
from flaskship.engines.local.images.interpreter import Interpreter, choose_interpreter
from flaskship.engines.local.images.layout import lay_out, path_map, rewrite_paths
from flaskship.engines.local.images.plan import ImagePlan, plan_listed, read_dockerfile, wanted_python
from flaskship.engines.local.images.process import Runner, run_job
from flaskship.engines.local.images.reuse import environment_digest, take_over
from flaskship.engines.local.images.store import (
    Site,
    building_site,
    find_image,
    finish,
    images_folder,
    list_images,
    prepare,
    translated,
)
from flaskship.model.location import Location

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build is: its stage, what it does, and how much of how much where that is known."""

    stage: str
    detail: str
    done: int | None = None
    total: int | None = None


Report = Callable[[BuildProgress], None]


@dataclass(frozen=True, slots=True)
class _Order:
    """What one build is about."""

    project_root: Path
    repository: str
    context: Context
    dockerfile: Dockerfile
    digest: str
    python: str | None
    interpreter: Interpreter
    emulated: bool
    image_id: str


async def build_image(
    project_root: Path,
    repository: str,
    context: Path,
    *,
    report: Report = lambda _: None,
    runner: Runner = run_job,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.time,
) -> LocalImage:
    """The image of a context: the one that is there, else a new one. Raises ImageBuildError."""
    surroundings = dict(os.environ if environment is None else environment)
    order = await _order(project_root, repository, context, report, runner, surroundings)
    known = find_image(project_root, order.image_id)
    if known is not None:
        report(BuildProgress("cached", "is up to date"))
        return known
    plan = plan_listed(order.context, order.dockerfile, order.digest)
    images = images_folder(project_root)

    def waiting() -> None:
        report(BuildProgress("wait", "another build of this image is under way"))

    async with building_site(images, order.image_id, waiting) as site:
        if site is None:
            found = find_image(project_root, order.image_id)
            if found is not None:
                return found
            raise ImageUnreadableError(
                "the image was removed while it was being built", hint="build it again"
            )
        return await _make(order, plan, site, report, runner, surroundings, clock)


async def _order(
    root: Path, repository: str, folder: Path, report: Report, runner: Runner, environment: Mapping[str, str]
) -> _Order:
    report(BuildProgress("read", f"reading {folder}"))
    dockerfile, context, digest = await _in_thread(_read, folder)
    asked, _ = wanted_python(dockerfile)
    images = images_folder(root)
    prepare(images)
    interpreter, emulated = await choose_interpreter(
        asked, environment, images / ".interpreters.json", runner
    )
    identity = "\n".join(
        (str(FORMAT), digest, interpreter.version, interpreter.tag, interpreter.platform, sys.platform)
    )
    image_id = hashlib.sha256(identity.encode()).hexdigest()[:32]
    return _Order(root, repository, context, dockerfile, digest, asked, interpreter, emulated, image_id)


def _read(folder: Path) -> tuple[Dockerfile, Context, str]:
    path = locate_dockerfile(folder.absolute())
    dockerfile = read_dockerfile(path)
    context = read_context(folder.absolute(), path)
    return dockerfile, context, digest_of(context)


async def _make(
    order: _Order,
    plan: ImagePlan,
    site: Site,
    report: Report,
    runner: Runner,
    environment: Mapping[str, str],
    clock: Callable[[], float],
) -> LocalImage:
    with translated(site.folder):
        await _in_thread(_copy, order, site, _from_thread(report))
    report(BuildProgress("environment", f"Python {order.interpreter.version}"))
    shop = Workshop(
        site.folder,
        order.context.dockerfile,
        order.context.root,
        order.interpreter,
        environment,
        site.lock,
        runner,
        lambda line, done, total: report(BuildProgress("install", line, done, total)),
    )
    target = images_folder(order.project_root) / order.image_id
    digest = environment_digest(shop.context, plan.installations, order.interpreter)
    donor = await _in_thread(_take_over, order.project_root, digest, shop.venv, target)
    if donor is not None:
        report(BuildProgress("install", "the packages are those of an earlier image"))
    installer = donor.installer if donor is not None else await install_all(shop, plan.installations)
    report(BuildProgress("finish", "putting files in place"))
    image = _image(order, plan, target, (installer, digest), clock())
    with translated(site.folder):
        await _in_thread(lay_out, plan.layout, site.folder)
        await precompile(shop)
        await _in_thread(_seal, site, target, image)
    return image


def _take_over(root: Path, digest: str, venv: Path, target: Path) -> LocalImage | None:
    donors = (image for image in list_images(root) if digest and image.environment == digest)
    with translated(venv):
        return next((donor for donor in donors if take_over(donor, venv, target)), None)


def _from_thread(report: Report) -> Report:
    """A report that may be called from any thread: it is heard where the build runs."""
    loop = asyncio.get_running_loop()

    def tell(progress: BuildProgress) -> None:
        loop.call_soon_threadsafe(report, progress)

    return tell


def _copy(order: _Order, site: Site, report: Report) -> None:
    copied = site.folder / "context"
    copied.mkdir()
    copy_context(
        order.context, copied, lambda done, total: report(BuildProgress("copy", "copying files", done, total))
    )
    if digest_of(order.context, root=copied) != order.digest:
        raise ImageUnreadableError(
            "the build context changed while it was being copied",
            location=Location(order.context.root),
            hint="run it again when the files are still",
        )


def _seal(site: Site, target: Path, image: LocalImage) -> None:
    rewrite_paths(site.folder / "venv", site.folder, target)
    (site.folder / "uv-lock.txt").unlink(missing_ok=True)
    record = os.open(site.folder / RECORD, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(record, "w", encoding="utf-8") as stream:
        stream.write(dump_image(image))
        stream.flush()
        os.fsync(stream.fileno())
    finish(site, target)


def _image(
    order: _Order, plan: ImagePlan, folder: Path, installed: tuple[str, str], now: float
) -> LocalImage:
    final = plan.dockerfile.final
    notes = list(plan.notes)
    if order.emulated:
        base = next(stage.base for stage in plan.dockerfile.stages if stage.line == plan.python_line)
        asked = f"Python {order.python}" if order.python else base
        reason = f"Python {order.interpreter.version} stands in for {asked}"
        notes.insert(0, Note(plan.python_line, f"FROM {base}", "emulated", reason))
    return LocalImage(
        order.image_id,
        order.repository,
        folder,
        order.digest,
        now,
        UsedInterpreter(order.python, order.interpreter.version, order.emulated),
        _command(final.entrypoint),
        _command(final.cmd),
        tuple(final.env.items()),
        folder / "root" / final.workdir.lstrip("/"),
        path_map(plan.layout, folder),
        final.user,
        final.exposed,
        final.stop_signal,
        *installed,
        tuple(notes),
    )


def _command(command: Command | None) -> ImageCommand | None:
    return None if command is None else ImageCommand(command.argv, command.text is not None)


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work aside; a cancellation waits for it, so that nobody cleans up under it."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
