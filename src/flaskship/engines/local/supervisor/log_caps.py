"""Keeps the log files of replicas within bounds."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flaskship.engines.local.processes.logs import copy_truncate

if TYPE_CHECKING:
    from flaskship.engines.local.supervisor.supervisor import Supervisor

CALM_SECONDS = 0.15
HASTY_SECONDS = 0.05
MOST_BYTES = 10 * 1024 * 1024
KEPT_BYTES = 5 * 1024 * 1024
FAST_BYTES = 1024 * 1024
"""What grows by more between two looks is looked at again at once: a disk takes a gibibyte in a second."""


async def cap_logs(
    supervisor: "Supervisor", sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Cut every log file back to its last megabytes when it has grown too long; runs until cancelled."""
    sizes: dict[Path, int] = {}
    while True:
        pause, seen = CALM_SECONDS, {}
        for path in _logs(supervisor):
            try:
                seen[path] = path.stat().st_size
                if seen[path] - sizes.get(path, 0) > FAST_BYTES:
                    pause = HASTY_SECONDS
                if seen[path] > MOST_BYTES:
                    await asyncio.to_thread(copy_truncate, path, KEPT_BYTES)
                    seen[path] = 0
            except OSError:
                continue
        sizes = seen
        await sleep(pause)


def _logs(supervisor: "Supervisor") -> Iterator[Path]:
    for runtime in list(supervisor.environments.values()):
        for replica in list(runtime.replicas.values()):
            for container in (*replica.init, *replica.containers):
                yield replica.log(container)
