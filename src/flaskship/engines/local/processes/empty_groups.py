"""Control groups that nobody is in any more: of processes that were killed before they could clear up."""

from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

from flaskship.engines.local.processes import cgroupfs

OURS = "flaskship-*"
TRIAL = "trial"
FORGOTTEN_SECONDS = 3600.0
"""A process joins its group within moments: one that is empty after an hour is waited for by nobody."""

UNSURE_SECONDS = 1.0
"""The kernel's clock for files is a little behind."""


def remove_empty_groups(
    project: Path | str,
    known: Container[str],
    now: float,
    proc: Path = Path("/proc"),
) -> int:
    """Remove the groups of the project's processes that were not known at `now`, and any that are forgotten.

    One made since is about to be joined. The kernel removes none that somebody is in. Return how many went.
    """
    return sum(_remove_of(base, base.name == own, known, now) for base, own in _bases(project, proc))


def _bases(project: Path | str, proc: Path) -> Iterator[tuple[Path, str]]:
    groups = cgroupfs.membership(proc)
    folders: dict[Path, str] = {}
    for mount in cgroupfs.mounts(proc):
        controllers = ("",) if mount.kind == "cgroup2" else mount.options & groups.keys()
        for controller in controllers:
            own = cgroupfs.base_folder(mount.folder, groups.get(controller, "/"), project)
            folders[own.parent] = own.name
    for parent, own_name in folders.items():
        yield from ((base, own_name) for base in parent.glob(OURS))


def _remove_of(base: Path, own: bool, known: Container[str], now: float) -> int:
    gone = 0
    with suppress(OSError):
        for cell in [path for path in base.iterdir() if path.is_dir()]:
            age = now - cell.stat().st_mtime
            if age > (UNSURE_SECONDS if own and cell.name != TRIAL else FORGOTTEN_SECONDS):
                gone += cell.name not in known and cgroupfs.remove(cell)
        if own or now - base.stat().st_mtime > FORGOTTEN_SECONDS or gone:
            gone += cgroupfs.remove(base)
    return gone
