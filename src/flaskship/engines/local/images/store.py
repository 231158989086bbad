"""The folder of images: who builds which one, what is there, what may go."""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from flaskship.engines.local.images.errors import ImageBuildError, ImageFolderUnwritableError, NoSpaceError
from flaskship.engines.local.images.image import LocalImage, load_image
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

_BUILDING = ".building-"
_LEAVING = ".leaving-"
_WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Site:
    """A folder that one build has for itself; whoever holds `lock` keeps others out."""

    folder: Path
    lock: int


def images_folder(project_root: Path) -> Path:
    """Where the images of a project are."""
    return project_root.absolute() / ".flaskship" / "images"


def list_images(project_root: Path) -> tuple[LocalImage, ...]:
    """All whole images, the newest first."""
    try:
        folders = [path for path in images_folder(project_root).iterdir() if not path.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    images = filter(None, map(find_in, folders))
    return tuple(sorted(images, key=lambda image: (-image.created, image.id)))


def find_image(project_root: Path, image_id: str) -> LocalImage | None:
    """The image with this id, if it is whole and its interpreter is still there."""
    return find_in(images_folder(project_root) / image_id)


def find_in(folder: Path) -> LocalImage | None:
    """The image in this folder, if it is whole and its interpreter is still there."""
    image = load_image(folder)
    return image if image is not None and image.id == folder.name and image.python.exists() else None


def collect_garbage(project_root: Path, pinned: set[str], keep: int) -> tuple[str, ...]:
    """Remove all but the newest `keep` images of each repository and the pinned ones; the ids removed."""
    kept: dict[str, int] = {}
    removed = []
    for image in list_images(project_root):
        if image.id in pinned:
            continue
        kept[image.repository] = kept.get(image.repository, 0) + 1
        if kept[image.repository] > keep:
            discard(image.folder)
            removed.append(image.id)
    for folder in _broken(project_root, pinned):
        discard(folder)
    sweep(images_folder(project_root))
    return tuple(removed)


def _broken(project_root: Path, pinned: set[str]) -> tuple[Path, ...]:
    """Folders in which no image can be read any more."""
    images = images_folder(project_root)
    known = {image.id for image in list_images(project_root)} | pinned
    return tuple(path for path in images.glob("[!.]*") if path.is_dir() and path.name not in known)


def discard(folder: Path) -> None:
    """Remove a folder at once for everybody: it is renamed first, so that no half of it is ever an image."""
    aside = folder.with_name(f"{_LEAVING}{folder.name.lstrip('.')}-{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def sweep(images: Path) -> None:
    """Remove what builds that were killed have left; a folder that somebody still builds in stays."""
    for leftover in images.glob(f"{_LEAVING}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for folder in images.glob(f"{_BUILDING}*"):
        lock = _try_lock(folder)
        if lock is not None:
            discard(folder)
            os.close(lock)


def _try_lock(folder: Path) -> int | None:
    """A lock on the folder that is at this path now; None while somebody else has it."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    if _is_at(folder, lock):
        return lock
    os.close(lock)
    return None


def _is_at(folder: Path, lock: int) -> bool:
    """Whether the locked folder still has this name."""
    try:
        return os.path.samestat(os.fstat(lock), folder.stat())
    except FileNotFoundError:
        return False


@contextlib.asynccontextmanager
async def building_site(
    images: Path, image_id: str, waiting: Callable[[], None]
) -> AsyncIterator[Site | None]:
    """A folder to build this image in, alone on this machine; None once another build has made it."""
    folder = images / f"{_BUILDING}{image_id}"
    prepare(images)
    sweep(images)
    lock = _new_site(folder)
    if lock is None:
        waiting()
    while lock is None:
        await asyncio.sleep(_WAIT_SECONDS)
        if find_in(images / image_id) is not None:
            yield None
            return
        lock = _new_site(folder)
    try:
        yield None if find_in(images / image_id) is not None else Site(folder, lock)
    finally:
        if _is_at(folder, lock):
            discard(folder)
        os.close(lock)


def _new_site(folder: Path) -> int | None:
    """Make the folder and lock it, or lock and empty one that nobody holds."""
    with translated(folder), contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    lock = _try_lock(folder)
    if lock is not None:
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    return lock


def prepare(images: Path) -> None:
    """Make the folder of images, for its owner alone."""
    with translated(images):
        images.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        images.mkdir(mode=0o700, exist_ok=True)


def finish(site: Site, target: Path) -> None:
    """Give the folder its final name; a damaged image of that name makes room."""
    with translated(target):
        if target.exists():
            discard(target)
        site.folder.rename(target)


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Say what a failed write means to the user."""
    try:
        yield
    except OSError as error:
        raise write_error(error, path) from error


def write_error(error: OSError, path: Path) -> ImageBuildError:
    """The user's words for a write that failed."""
    where = Location(Path(os.fsdecode(error.filename)) if error.filename else path)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoSpaceError(
            "the disk is full; nothing was changed",
            location=where,
            hint="free some space: an image takes about 100 MB, and the package cache as much again",
        )
    return ImageFolderUnwritableError(
        f"cannot be written: {error.strerror or error}",
        location=where,
        hint="make the folder yours (it may belong to root after a run with sudo), or use another checkout",
    )
