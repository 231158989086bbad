"""A build context: its files without the ignored ones, their digest, their copy."""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.errors import ImageUnreadableError
from flaskship.engines.local.images.ignore import IgnoreRules, ignore_rules
from flaskship.model.location import Location

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A file or a symbolic link, by its path in the context."""

    path: str
    mode: int
    size: int

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link, which is kept as one."""
        return stat.S_ISLNK(self.mode)


@dataclass(frozen=True, slots=True)
class Context:
    """The files of a context in the order of their names."""

    root: Path
    dockerfile: Path
    files: tuple[ContextFile, ...]
    skipped: tuple[str, ...] = ()


def locate_dockerfile(context: Path, dockerfile: Path | None = None) -> Path:
    """Where the Dockerfile of a context is; raises ImageUnreadableError when it is not there."""
    if not context.is_dir():
        missing = "is not a folder" if context.exists() else "does not exist"
        raise ImageUnreadableError(
            f"the build context {missing}",
            location=Location(context),
            hint="correct `context` of this image in flaskship.yaml",
        )
    path = context / (dockerfile or "Dockerfile")
    if not path.is_file():
        raise ImageUnreadableError(
            "the build context has no Dockerfile",
            location=Location(path),
            hint="write one there, or correct `context` of this image in flaskship.yaml",
        )
    return path


def read_context(context: Path, dockerfile: Path) -> Context:
    """List what belongs to the context; sockets and devices are skipped and named."""
    rules = ignore_rules(context, dockerfile)
    found: list[ContextFile] = []
    skipped: list[str] = []
    for path, status in _walk(context, "", rules):
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            found.append(ContextFile(path, status.st_mode, status.st_size))
        else:
            skipped.append(path)
    found.sort(key=lambda file: os.fsencode(file.path))
    return Context(context, dockerfile, tuple(found), tuple(skipped))


def _walk(folder: Path, prefix: str, rules: IgnoreRules) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
        for entry in listed:
            path = prefix + entry.name
            ignored = rules.ignores(path)
            if entry.is_dir(follow_symlinks=False):
                if not ignored or rules.may_reinclude:
                    yield from _walk(folder / entry.name, f"{path}/", rules)
            elif not ignored:
                yield path, entry.stat(follow_symlinks=False)
    except OSError as error:
        raise unreadable(error, folder) from None


def unreadable(error: OSError, path: Path) -> ImageUnreadableError:
    """The user's words for a file of the context that cannot be read."""
    return ImageUnreadableError(
        f"cannot be read: {error.strerror or error}",
        location=Location(Path(os.fsdecode(error.filename)) if error.filename else path),
        hint="make it readable, or name it in .dockerignore",
    )


def source_digest(context: Path, dockerfile: Path | None = None) -> str:
    """SHA-256 of the context's files and its Dockerfile: the same on every machine and clone."""
    return digest_of(read_context(context, locate_dockerfile(context, dockerfile)))


def digest_of(context: Context, *, root: Path | None = None) -> str:
    """The source digest of a listed context, or of its copy under `root`."""
    digest = hashlib.sha256(b"flaskship source 1\n")
    _feed(digest.update, b"Dockerfile", "f", context.dockerfile)
    base = os.fspath(root or context.root)
    for file in context.files:
        name = os.fsencode(file.path)
        path = Path(base, file.path)
        # Only the execute bit travels through version control; the rest is the umask of a clone.
        kind = "l" if file.is_link else "x" if file.mode & stat.S_IXUSR else "f"
        _feed(digest.update, name, kind, path)
    return digest.hexdigest()


def _feed(update: Callable[[bytes], None], name: bytes, kind: str, path: Path) -> None:
    try:
        content = os.fsencode(path.readlink()) if kind == "l" else _file_digest(path)
    except OSError as error:
        raise unreadable(error, path) from None
    update(b"%s %d %s %d %s\n" % (kind.encode(), len(name), name, len(content), content))


def _file_digest(path: Path) -> bytes:
    with path.open("rb", buffering=0) as stream:
        digest = hashlib.sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
        return digest.digest()


def copy_context(context: Context, target: Path, report: Callable[[int, int], None]) -> None:
    """Copy the context's files; `report` gets how many of how many are there."""
    total = len(context.files)
    for done, file in enumerate(context.files):
        if done % 200 == 0:
            report(done, total)
        source, destination = context.root / file.path, target / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        try:
            with_links = {"follow_symlinks": False}
            shutil.copy2(source, destination, **with_links)
        except PermissionError as error:
            if os.access(source, os.R_OK):
                raise
            raise unreadable(error, source) from None
        except FileNotFoundError as error:
            raise unreadable(error, source) from None
        if not file.is_link:
            destination.chmod((file.mode & 0o777) | stat.S_IRUSR | stat.S_IWUSR)
    report(total, total)
