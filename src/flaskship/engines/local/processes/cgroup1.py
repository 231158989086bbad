"""Control groups of the first version: one hierarchy for each controller."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flaskship.engines.local.processes import cgroupfs
from flaskship.engines.local.processes.limits import Cell, Containment, Description, Limits, Usage

_PERIOD_US = 100_000
_LEAST_QUOTA_US = 1_000
_WHAT = {"memory": "memory", "cpu": "CPU", "pids": "processes"}


@dataclass(frozen=True, slots=True)
class Cgroup1Cell:
    """One folder per controller."""

    uid: str
    folders: dict[str, Path]
    prefix: tuple[str, ...] = ()
    rlimits: dict[str, int] = field(default_factory=dict)

    @property
    def join(self) -> tuple[str, ...]:
        """The cgroup.procs of each folder."""
        return tuple(str(folder / "cgroup.procs") for folder in self.folders.values())

    def started(self, pid: int) -> None:
        """The process joined by itself: nothing to learn."""

    def usage(self) -> Usage:
        """Return what the kernel counts."""
        memory, cpu, pids = (self.folders.get(name) for name in ("memory", "cpuacct", "pids"))
        nanoseconds = cgroupfs.read_number(cpu / "cpuacct.usage") if cpu else None
        return Usage(
            memory=cgroupfs.read_number(memory / "memory.usage_in_bytes") if memory else None,
            peak=cgroupfs.read_number(memory / "memory.max_usage_in_bytes") if memory else None,
            oom_kills=cgroupfs.read_fields(memory / "memory.oom_control").get("oom_kill") if memory else None,
            cpu_seconds=None if nanoseconds is None else nanoseconds / 1e9,
            processes=cgroupfs.read_number(pids / "pids.current") if pids else None,
            forks_refused=cgroupfs.read_fields(pids / "pids.events").get("max") if pids else None,
        )

    def members(self) -> tuple[int, ...]:
        """Return the processes in it."""
        return cgroupfs.members(next(iter(self.folders.values())))

    def seal(self) -> None:
        """Let no further process be made in it."""
        cgroupfs.seal(self.folders.get("pids"))

    def remove(self) -> bool:
        """Remove the folders, and the project's when they were its last."""
        gone = [cgroupfs.remove(folder) for folder in self.folders.values()]
        for folder in self.folders.values():
            cgroupfs.remove(folder.parent)
        return all(gone)


class Cgroup1:
    """The controllers that this user may make groups in."""

    def __init__(self, bases: dict[str, Path], proc: Path) -> None:
        self._bases = bases
        self._proc = proc

    def describe(self) -> Description:
        """Say which controllers there are."""
        held = tuple(what for name, what in _WHAT.items() if name in self._bases)
        loose = tuple(what for name, what in _WHAT.items() if name not in self._bases)
        return Description("cgroup1", held, loose)

    def create(self, uid: str, limits: Limits) -> Cell:
        """Make the folders and set the limits; OSError leaves nothing behind."""
        cell = Cgroup1Cell(uid, {name: base / uid for name, base in self._bases.items()})
        try:
            for name, folder in cell.folders.items():
                folder.mkdir(parents=True, exist_ok=True)
                _set(name, folder, limits)
        except OSError:
            cell.remove()
            raise
        return cell

    def adopt(self, uid: str, limits: Limits, pid: int) -> Cell:  # noqa: ARG002 (the kernel keeps them)
        """Return the cell that the process is in, wherever it was made."""
        groups = cgroupfs.membership(self._proc, pid)
        folders = {}
        for name, base in self._bases.items():
            folder = base / uid
            inside = _mount_of(name, self._proc, groups)
            folders[name] = inside if inside is not None and inside.name == uid else folder
        return Cgroup1Cell(uid, folders)

    def left_by(self, uid: str) -> Cell:
        """Return the cell where it was made."""
        return Cgroup1Cell(uid, {name: base / uid for name, base in self._bases.items()})


def find_cgroup1(project: Path | str, proc: Path = Path("/proc")) -> Containment | None:
    """Return the usable controllers; None unless memory is among them."""
    own = cgroupfs.membership(proc)
    bases: dict[str, Path] = {}
    for mount in cgroupfs.mounts(proc):
        for name in ("memory", "cpu", "cpuacct", "pids"):
            if mount.kind == "cgroup" and name in mount.options:
                base = cgroupfs.base_folder(mount.folder, own.get(name, "/"), project)
                if _usable(base):
                    bases[name] = base
    return Cgroup1(bases, proc) if "memory" in bases else None


def _usable(base: Path) -> bool:
    trial = base / "trial"
    try:
        trial.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    usable = (trial / "cgroup.procs").exists()
    cgroupfs.remove(trial)
    cgroupfs.remove(base)
    return usable


def _set(name: str, folder: Path, limits: Limits) -> None:
    if name == "memory" and limits.memory is not None:
        cgroupfs.write(folder / "memory.limit_in_bytes", limits.memory)
        with suppress(OSError):  # a kernel without swap accounting has no such file
            cgroupfs.write(folder / "memory.memsw.limit_in_bytes", limits.memory)
    if name == "cpu":
        if limits.cpu_milli is not None:
            quota = max(_LEAST_QUOTA_US, limits.cpu_milli * _PERIOD_US // 1000)
            cgroupfs.write(folder / "cpu.cfs_period_us", _PERIOD_US)
            cgroupfs.write(folder / "cpu.cfs_quota_us", quota)
        if limits.cpu_request_milli is not None:
            cgroupfs.write(folder / "cpu.shares", max(2, limits.cpu_request_milli * 1024 // 1000))
    if name == "pids" and limits.pids is not None:
        cgroupfs.write(folder / "pids.max", limits.pids)


def _mount_of(name: str, proc: Path, groups: dict[str, str]) -> Path | None:
    for mount in cgroupfs.mounts(proc):
        if mount.kind == "cgroup" and name in mount.options and name in groups:
            return mount.folder / groups[name].lstrip("/")
    return None
