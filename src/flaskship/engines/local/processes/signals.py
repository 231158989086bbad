"""Ends a replica as Kubernetes does: SIGTERM to its main process, a grace, SIGKILL to all that is left."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from flaskship.engines.local.processes import proc
from flaskship.engines.local.processes.capabilities import has
from flaskship.engines.local.processes.identity import ProcessIdentity, alive, identify, processes_of
from flaskship.engines.local.processes.limits import Cell
from flaskship.engines.local.processes.watch import ProcessWatch, process_watch
from flaskship.model.frozen import dataclass

_SWEEPS = 50
_SWEEP_SECONDS = 0.05

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Termination:
    """How a replica went: whether its main process ended within the grace, and what had to be killed."""

    asked: bool
    in_grace: bool
    killed: tuple[ProcessIdentity, ...] = ()
    left: tuple[ProcessIdentity, ...] = ()


def send(identity: ProcessIdentity, number: int) -> bool:
    """Return whether the signal went to this very process; never to one that took over its pid."""
    if not has("pidfd"):
        return _send_by_pid(identity, number)
    try:
        pidfd = os.pidfd_open(identity.pid)
    except OSError:
        return False
    try:
        if not alive(identity):
            return False
        signal.pidfd_send_signal(pidfd, number)
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


async def terminate(
    project: Path | str,
    uid: str,
    main: ProcessIdentity,
    *,
    grace: float,
    cell: Cell | None = None,
    sleep: Sleep = asyncio.sleep,
    watch: ProcessWatch | None = None,
) -> Termination:
    """SIGTERM the main process, wait for it at most the grace, then SIGKILL every process of the replica.

    A frozen process gets SIGCONT too, so that it can act on SIGTERM. What survives SIGKILL (a process
    in an uninterruptible wait) is reported as left.
    """
    watch = watch or process_watch()
    family = processes_of(project, uid, main)
    asked = send(main, signal.SIGTERM)
    if asked:
        send(main, signal.SIGCONT)
    in_grace = await _gone_within(watch, main, grace, sleep)
    killed, left = await kill_all(project, uid, main, known=family, cell=cell, sleep=sleep)
    return Termination(asked, in_grace, killed, left)


async def kill_all(
    project: Path | str,
    uid: str,
    main: ProcessIdentity | None,
    *,
    known: Iterable[ProcessIdentity] = (),
    cell: Cell | None = None,
    sleep: Sleep = asyncio.sleep,
) -> tuple[tuple[ProcessIdentity, ...], tuple[ProcessIdentity, ...]]:
    """SIGKILL every process of a replica until none is found; return what was killed, and what would not go.

    Its cell is sealed first, so that nothing can fork any more. Where there is none, each sweep freezes
    what it finds while it looks, newest first, to win against processes that fork and end; and an empty
    sweep counts only if the replica forked nothing meanwhile; what others fork is no reason to look again.
    `known` are processes seen earlier that might not be recognised any more.
    """
    killed: dict[ProcessIdentity, None] = {}
    known = set(known)
    if cell is not None:
        cell.seal()
    for _ in range(_SWEEPS):
        before = set(proc.all_pids())
        found = _freeze_marked(project, uid)
        found |= {identity for identity in known if alive(identity)} | processes_of(project, uid, main)
        found |= _members(cell)
        if not found and not _forked_since(before, project, uid):
            return tuple(killed), ()
        _send_each(found, signal.SIGSTOP)
        found |= processes_of(project, uid, main) | _members(cell)
        _send_each(found, signal.SIGKILL)
        known |= found
        killed |= dict.fromkeys(sorted(found, key=lambda identity: identity.pid))
        await sleep(_SWEEP_SECONDS if found else 0)
    return tuple(killed), tuple(identity for identity in known if alive(identity))


def _forked_since(before: set[int], project: Path | str, uid: str) -> bool:
    # A fork has its parent's environment from its first moment on.
    return any(proc.read_marks(pid) == (str(project), uid) for pid in set(proc.all_pids()) - before)


def _freeze_marked(project: Path | str, uid: str) -> set[ProcessIdentity]:
    found = set()
    for pid in proc.newest_first():
        marks = proc.read_marks(pid)
        identity = identify(pid) if marks == (str(project), uid) else None
        if identity is not None and send(identity, signal.SIGSTOP):
            found.add(identity)
    return found


def _members(cell: Cell | None) -> set[ProcessIdentity]:
    identities = (identify(pid) for pid in cell.members()) if cell is not None else ()
    return {identity for identity in identities if identity is not None}


def _send_each(identities: Iterable[ProcessIdentity], number: int) -> None:
    for identity in identities:
        send(identity, number)


async def _gone_within(watch: ProcessWatch, main: ProcessIdentity, grace: float, sleep: Sleep) -> bool:
    gone = asyncio.ensure_future(watch.wait_gone(main))
    over = asyncio.ensure_future(sleep(grace))
    try:
        await asyncio.wait({gone, over}, return_when=asyncio.FIRST_COMPLETED)
        return gone.done()
    finally:
        for task in (gone, over):
            task.cancel()
        await asyncio.gather(gone, over, return_exceptions=True)


def _send_by_pid(identity: ProcessIdentity, number: int) -> bool:
    if not alive(identity):
        return False
    try:
        os.kill(identity.pid, number)
    except OSError:
        return False
    return True
