"""What the files of a stage are, without making them: image path to path in the context."""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from flaskship.engines.local.images.dockerfile import Copy, absolute

# Mapping one of these as a whole would hide the machine's own files behind the image's few.
SHARED_FOLDERS = frozenset(
    {
        "/", "/bin", "/dev", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/proc", "/root", "/run",
        "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin",  # noqa: S108
        "/usr/local/lib", "/usr/local/sbin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/run",
    }
)  # fmt: skip


@dataclass(slots=True)
class Tree:
    """The files of one stage so far; `sites` are folders whose content an installer wrote."""

    files: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    venvs: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=lambda: {"/usr/local"})

    def child(self) -> "Tree":
        """A stage that starts FROM this one."""
        return Tree(
            dict(self.files),
            dict(self.modes),
            set(self.folders),
            set(self.venvs),
            set(self.sites),
        )

    def under(self, path: str) -> dict[str, str]:
        """The files at or below an image path, by their path below it."""
        if path in self.files:
            return {"": self.files[path]}
        prefix = path.rstrip("/") + "/"
        return {name[len(prefix) :]: origin for name, origin in self.files.items() if name.startswith(prefix)}

    def place(self, found: Mapping[str, str], target: str, mode: int | None = None) -> None:
        """Put files (by their path below the target) at the target."""
        for below, origin in found.items():
            path = f"{target.rstrip('/')}/{below}" if below else target
            self.files[path] = origin
            self.modes.pop(path, None)
            if mode is not None:
                self.modes[path] = f"{mode:o}"

    def roots(self) -> tuple[str, ...]:
        """The highest folders and files that are the image's own."""
        return tuple(sorted({_highest(path) for path in (*self.files, *self.folders)} - SHARED_FOLDERS))

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder here."""
        prefix = path.rstrip("/") + "/"
        return path in self.folders or any(name.startswith(prefix) for name in self.files)

    def installed_at(self, path: str) -> set[str]:
        """The virtual environments and installer folders at, below or around this path."""
        return {place for place in self.venvs | self.sites if overlaps(place, path)}


def _highest(path: str) -> str:
    top = path
    for parent in map(str, PurePosixPath(path).parents):
        if parent in SHARED_FOLDERS:
            break
        top = parent
    return top


def overlaps(one: str, other: str) -> bool:
    """Whether one path is the other or lies in it."""
    return one == other or one.startswith(other.rstrip("/") + "/") or other.startswith(one.rstrip("/") + "/")


def copy_target(copy: Copy, tree: Tree, *, many: bool) -> tuple[str, bool]:
    """Where a COPY goes, and whether that is a folder to put files in."""
    path = absolute(copy.target, copy.workdir)
    as_folder = many or copy.target in {".", ".."} or copy.target.endswith(("/", "/.", "/.."))
    return path, as_folder or tree.is_folder(path)


def match_sources(pattern: str, paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """What a source of a COPY names among paths: each match with its files (path below it: path)."""
    clean = absolute(pattern, "/")[1:]
    parts = clean.split("/") if clean else []
    found: dict[str, dict[str, str]] = {}
    exact = not re.search(r"[*?\[]", clean)
    for path in paths:
        segments = path.split("/")
        if len(segments) < len(parts):
            continue
        head = segments[: len(parts)]
        if head != parts and (exact or not all(map(_segment_matches, head, parts))):
            continue
        found.setdefault("/".join(head), {})["/".join(segments[len(parts) :])] = path
    return found


def _segment_matches(segment: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(segment, pattern.replace("[^", "[!"))
