"""The lines of every replica of an environment, merged as they come."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from flaskship.engines.local.processes.logs import LogTail, last_lines
from flaskship.model.release import LogLine

if TYPE_CHECKING:
    from flaskship.engines.local.supervisor.supervisor import Supervisor

LOOK_SECONDS = 0.2


async def stream_logs(
    supervisor: "Supervisor", environment: str, application: str | None, *, tail: int, follow: bool
) -> AsyncIterator[LogLine]:
    """Yield the last lines of all replicas; with follow then the new ones, of new replicas too."""
    tails: dict[tuple[str, str], tuple[LogTail, LogLine]] = {}
    first = True
    while True:
        runtime = supervisor.environments.get(environment)
        now = supervisor.world.now()
        for replica in list(runtime.replicas.values()) if runtime else ():
            if application not in (None, replica.application, replica.record.workload):
                continue
            for container in (*replica.init, *replica.containers):
                if (replica.uid, container) in tails:
                    continue
                path = replica.log(container)
                name = replica.record.name
                shown = LogLine(
                    replica.application,
                    name if container in replica.containers else f"{name}/{container}",
                    "",
                )
                offset = path.stat().st_size if first and path.exists() else 0
                if first:
                    for text in last_lines(path, tail):
                        yield LogLine(shown.application, shown.replica, text, now)
                tails[replica.uid, container] = (LogTail(path, offset), shown)
        if not follow:
            return
        first = False
        for log, shown in tails.values():
            for line in log.read():
                yield LogLine(shown.application, shown.replica, line.text, now)
        await asyncio.sleep(LOOK_SECONDS)
