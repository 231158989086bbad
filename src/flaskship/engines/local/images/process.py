"""Running an installer: its lines are heard as they come, and nothing of it outlives us."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_KEPT_LINES = 60
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class Job:
    """A program to run: `keep_open` are descriptors that it holds too, `stdin` a file that it reads."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    keep_open: tuple[int, ...] = ()
    stdin: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended and its last lines."""

    status: int
    lines: tuple[str, ...]


class Runner(Protocol):
    """Runs a job to its end; cancelled, it leaves no process behind."""

    async def __call__(self, job: Job, heard: Callable[[str], None]) -> Outcome:
        """The outcome; `heard` gets each line of output."""
        ...


async def run_job(job: Job, heard: Callable[[str], None]) -> Outcome:
    """Run a job in a process group of its own, both outputs joined."""
    with contextlib.ExitStack() as stack:
        given = stack.enter_context(job.stdin.open("rb")) if job.stdin is not None else None
        process = await asyncio.create_subprocess_exec(
            *job.argv,
            stdin=given or asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(job.environment),
            cwd=job.folder,
            start_new_session=True,
            pass_fds=job.keep_open,
            limit=_LONGEST_LINE,
        )
    try:
        lines = await _listen(process, heard)
        return Outcome(await process.wait(), lines)
    finally:
        await _end(process)


async def _listen(process: asyncio.subprocess.Process, heard: Callable[[str], None]) -> tuple[str, ...]:
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    stream = process.stdout
    while stream is not None:
        try:
            raw = await stream.readline()
        except ValueError:
            continue
        if not raw:
            break
        line = raw.decode(errors="replace").rstrip()
        if line:
            kept.append(line)
            heard(line)
    return tuple(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.returncode is None:
        await asyncio.shield(process.wait())


def words(argv: Sequence[str | Path]) -> tuple[str, ...]:
    """Paths and strings as the words of a command."""
    return tuple(os.fspath(word) for word in argv)
