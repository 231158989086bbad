"""A systemd scope of the user's own manager for each replica, where no cgroup can be written directly."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flaskship.engines.local.processes import cgroupfs
from flaskship.engines.local.processes.cgroup2 import group_folder, usage_of
from flaskship.engines.local.processes.limits import Cell, Containment, Description, Limits, Usage


@dataclass(slots=True)
class ScopeCell:
    """`systemd-run --scope` replaces itself by the program: same pid, inside a group with limits."""

    uid: str
    prefix: tuple[str, ...]
    join: tuple[str, ...] = ()
    rlimits: dict[str, int] = field(default_factory=dict)
    _folder: Path | None = None

    def started(self, pid: int) -> None:
        """Learn which group systemd made."""
        self._folder = group_folder(Path("/proc"), pid)

    def usage(self) -> Usage:
        """Return what the kernel counts; nothing before the scope is known."""
        return Usage() if self._folder is None else usage_of(self._folder)

    def members(self) -> tuple[int, ...]:
        """Return the processes in it."""
        return () if self._folder is None else cgroupfs.members(self._folder)

    def seal(self) -> None:
        """Let no further process be made in it."""
        cgroupfs.seal(self._folder)

    def remove(self) -> bool:
        """Systemd removes a scope with its last process."""
        return True


class UserScope:
    """The user's systemd, over its bus."""

    def __init__(self, project: Path | str, program: str) -> None:
        self._name = hashlib.sha256(str(project).encode()).hexdigest()[:12]
        self._program = program

    def describe(self) -> Description:
        """Say what a scope holds; a user's manager often has no CPU controller."""
        return Description("systemd-scope", ("memory", "processes"), ("CPU, unless delegated to this user",))

    def create(self, uid: str, limits: Limits) -> Cell:
        """Return the words that start a command inside a scope."""
        properties = _properties(limits)
        unit = f"--unit=flaskship-{self._name}-{uid}"
        words = (self._program, "--user", "--scope", "--quiet", "--collect", unit, *properties, "--")
        return ScopeCell(uid, words)

    def adopt(self, uid: str, limits: Limits, pid: int) -> Cell:  # noqa: ARG002 (systemd keeps them)
        """Return the cell of a replica that already runs in its scope."""
        cell = ScopeCell(uid, ())
        cell.started(pid)
        return cell

    def left_by(self, uid: str) -> Cell | None:  # noqa: ARG002
        """Return None: only a running process says which scope is its own."""
        return None


def find_user_scope(project: Path | str, environ: Mapping[str, str] = os.environ) -> Containment | None:
    """Return the user's manager when systemd-run is installed and its bus is there."""
    program = shutil.which("systemd-run", path=environ.get("PATH"))
    runtime = environ.get("XDG_RUNTIME_DIR")
    if program is None or not runtime or not Path(runtime, "systemd/private").is_socket():
        return None
    return UserScope(project, program)


def _properties(limits: Limits) -> tuple[str, ...]:
    words = []
    if limits.memory is not None:
        words += [f"MemoryMax={limits.memory}", "MemorySwapMax=0"]
    if limits.cpu_milli is not None:
        words.append(f"CPUQuota={max(1, limits.cpu_milli // 10)}%")
    if limits.pids is not None:
        words.append(f"TasksMax={limits.pids}")
    return tuple(word for value in words for word in ("-p", value))
