"""The file system of control groups: where it is mounted, and small reads and writes in it."""

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted hierarchy: its folder, cgroup or cgroup2, and its options (the controllers of v1)."""

    folder: Path
    kind: str
    options: frozenset[str]


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """Return the cgroup mounts of a /proc/self/mountinfo."""
    mounts = []
    for line in text.splitlines():
        head, _, tail = line.partition(" - ")
        fields, after = head.split(), tail.split()
        if len(fields) > 4 and len(after) > 2 and after[0] in ("cgroup", "cgroup2"):
            mounts.append(Mount(Path(_unescaped(fields[4])), after[0], frozenset(after[2].split(","))))
    return tuple(mounts)


def parse_membership(text: str) -> dict[str, str]:
    """Return the group of a process by controller; the v2 hierarchy has the empty name."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            found[controller] = path
    return found


def mounts(proc: Path) -> tuple[Mount, ...]:
    """Return the cgroup mounts that this process sees; none where the system has none."""
    try:
        return parse_mounts((proc / "self/mountinfo").read_text())
    except OSError:
        return ()


def membership(proc: Path, pid: int | str = "self") -> dict[str, str]:
    """Return the groups of a process; none when it is gone."""
    try:
        return parse_membership((proc / str(pid) / "cgroup").read_text())
    except OSError:
        return {}


def base_folder(mount: Path, own: str, project: Path | str) -> Path:
    """Return where a project's groups go: below the mount for root, below its own group for a user.

    Root's own group belongs to the login session that happened to start us and goes with it.
    """
    name = "flaskship-" + hashlib.sha256(str(project).encode()).hexdigest()[:12]
    return (mount if os.geteuid() == 0 else mount / own.lstrip("/")) / name


def write(file: Path, value: int | str) -> None:
    """Write one value; OSError names the file."""
    file.write_text(str(value))


def read_number(file: Path) -> int | None:
    """Return the number in a file, None where there is none (`max`, or no such file)."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def read_fields(file: Path) -> dict[str, int]:
    """Return the `name number` lines of a file."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def members(folder: Path) -> tuple[int, ...]:
    """Return the processes in a group; none when it is gone."""
    try:
        return tuple(int(line) for line in (folder / "cgroup.procs").read_text().split())
    except OSError:
        return ()


def seal(folder: Path | None) -> None:
    """Let every further fork in a group fail, where the pids controller is there."""
    if folder is not None and (folder / "pids.max").exists():
        with suppress(OSError):
            write(folder / "pids.max", 0)


def remove(folder: Path) -> bool:
    """Return whether the group is gone; False while processes are in it."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)
