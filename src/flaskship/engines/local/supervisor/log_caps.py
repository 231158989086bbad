"""Keeps the log files of replicas within bounds."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from flaskship.engines.local.processes.logs import copy_truncate

if TYPE_CHECKING:
    from flaskship.engines.local.supervisor.supervisor import Supervisor

LOOK_SECONDS = 5.0
MOST_BYTES = 10 * 1024 * 1024
KEPT_BYTES = 5 * 1024 * 1024


async def cap_logs(supervisor: "Supervisor") -> None:
    """Cut every log file back to its last megabytes when it has grown too long; runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for runtime in supervisor.environments.values():
            for replica in list(runtime.replicas.values()):
                for container in (*replica.init, *replica.containers):
                    path = replica.log(container)
                    with contextlib.suppress(OSError):
                        if path.stat().st_size > MOST_BYTES:
                            await asyncio.to_thread(copy_truncate, path, KEPT_BYTES)
