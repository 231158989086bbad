"""Control groups of the second version: one hierarchy, controllers handed down to children."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flaskship.engines.local.processes import cgroupfs
from flaskship.engines.local.processes.limits import Cell, Containment, Description, Limits, Usage

_PERIOD_US = 100_000
_LEAST_QUOTA_US = 1_000
_WHAT = {"memory": "memory", "cpu": "CPU", "pids": "processes"}
_MOST_WEIGHT = 10_000


@dataclass(frozen=True, slots=True)
class Cgroup2Cell:
    """One folder for all controllers."""

    uid: str
    folder: Path
    prefix: tuple[str, ...] = ()
    rlimits: dict[str, int] = field(default_factory=dict)

    @property
    def join(self) -> tuple[str, ...]:
        """The cgroup.procs of the folder."""
        return (str(self.folder / "cgroup.procs"),)

    def started(self, pid: int) -> None:
        """The process joined by itself: nothing to learn."""

    def usage(self) -> Usage:
        """Return what the kernel counts."""
        return usage_of(self.folder)

    def members(self) -> tuple[int, ...]:
        """Return the processes in it."""
        return cgroupfs.members(self.folder)

    def seal(self) -> None:
        """Let no further process be made in it."""
        cgroupfs.seal(self.folder)

    def remove(self) -> bool:
        """Remove the folder, and the project's when it was its last."""
        gone = cgroupfs.remove(self.folder)
        cgroupfs.remove(self.folder.parent)
        return gone


class Cgroup2:
    """A folder whose children get the memory controller, and more where there is more."""

    def __init__(self, base: Path, controllers: frozenset[str], proc: Path) -> None:
        self._base = base
        self._controllers = controllers
        self._proc = proc

    def describe(self) -> Description:
        """Say which controllers there are."""
        held = tuple(what for name, what in _WHAT.items() if name in self._controllers)
        loose = tuple(what for name, what in _WHAT.items() if name not in self._controllers)
        return Description("cgroup2", held, loose)

    def create(self, uid: str, limits: Limits) -> Cell:
        """Make the folder and set the limits; OSError leaves nothing behind."""
        cell = Cgroup2Cell(uid, self._base / uid)
        try:
            _delegate(self._base, self._controllers)
            cell.folder.mkdir(exist_ok=True)
            for file, value in settings(limits, self._controllers).items():
                cgroupfs.write(cell.folder / file, value)
        except OSError:
            cell.remove()
            raise
        with suppress(OSError):  # a kernel without swap accounting has no such file
            if limits.memory is not None:
                cgroupfs.write(cell.folder / "memory.swap.max", 0)
        return cell

    def adopt(self, uid: str, limits: Limits, pid: int) -> Cell:  # noqa: ARG002 (the kernel keeps them)
        """Return the cell that the process is in, wherever it was made."""
        inside = group_folder(self._proc, pid)
        return Cgroup2Cell(uid, inside if inside is not None and inside.name == uid else self._base / uid)

    def left_by(self, uid: str) -> Cell:
        """Return the cell where it was made."""
        return Cgroup2Cell(uid, self._base / uid)


def settings(limits: Limits, controllers: frozenset[str]) -> dict[str, str]:
    """Return the files of a group and what these limits put into them."""
    wanted: dict[str, str] = {}
    if "memory" in controllers and limits.memory is not None:
        wanted["memory.max"] = str(limits.memory)
    if "cpu" in controllers and limits.cpu_milli is not None:
        wanted["cpu.max"] = f"{max(_LEAST_QUOTA_US, limits.cpu_milli * _PERIOD_US // 1000)} {_PERIOD_US}"
    if "cpu" in controllers and limits.cpu_request_milli is not None:
        wanted["cpu.weight"] = str(min(_MOST_WEIGHT, max(1, limits.cpu_request_milli // 10)))
    if "pids" in controllers and limits.pids is not None:
        wanted["pids.max"] = str(limits.pids)
    return wanted


def usage_of(folder: Path) -> Usage:
    """Return what the kernel counts for a group."""
    microseconds = cgroupfs.read_fields(folder / "cpu.stat").get("usage_usec")
    return Usage(
        memory=cgroupfs.read_number(folder / "memory.current"),
        peak=cgroupfs.read_number(folder / "memory.peak"),
        oom_kills=cgroupfs.read_fields(folder / "memory.events").get("oom_kill"),
        cpu_seconds=None if microseconds is None else microseconds / 1e6,
        processes=cgroupfs.read_number(folder / "pids.current"),
        forks_refused=cgroupfs.read_fields(folder / "pids.events").get("max"),
    )


def group_folder(proc: Path, pid: int | str = "self") -> Path | None:
    """Return the folder of the group that a process is in."""
    group = cgroupfs.membership(proc, pid).get("")
    for mount in cgroupfs.mounts(proc):
        if mount.kind == "cgroup2" and group is not None:
            return mount.folder / group.lstrip("/")
    return None


def find_cgroup2(project: Path | str, proc: Path = Path("/proc")) -> Containment | None:
    """Return the hierarchy where this user may hand memory limits to groups of its own, else None."""
    for mount in cgroupfs.mounts(proc):
        if mount.kind != "cgroup2":
            continue
        base = cgroupfs.base_folder(mount.folder, cgroupfs.membership(proc).get("", "/"), project)
        available = _controllers(base.parent)
        if "memory" not in available:
            return None
        try:
            _delegate(base, available)
            usable = "memory" in (base / "cgroup.subtree_control").read_text().split()
        except OSError:
            usable = False
        cgroupfs.remove(base)
        return Cgroup2(base, available, proc) if usable else None
    return None


def _controllers(folder: Path) -> frozenset[str]:
    try:
        return frozenset((folder / "cgroup.controllers").read_text().split()) & _WHAT.keys()
    except OSError:
        return frozenset()


def _delegate(base: Path, controllers: frozenset[str]) -> None:
    switch = " ".join(f"+{name}" for name in sorted(controllers))
    cgroupfs.write(base.parent / "cgroup.subtree_control", switch)
    base.mkdir(exist_ok=True)
    cgroupfs.write(base / "cgroup.subtree_control", switch)
