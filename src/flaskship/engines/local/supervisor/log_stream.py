"""The lines of every replica of an environment, merged as they came."""

import asyncio
import heapq
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flaskship.engines.local.processes.logs import LogTail, all_last_lines, whole_lines
from flaskship.model.frozen import dataclass
from flaskship.model.release import LogLine

if TYPE_CHECKING:
    from flaskship.engines.local.supervisor.supervisor import Supervisor

LOOK_SECONDS = 0.2
SEARCHED = 200
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class Source:
    """The log of one container of one replica."""

    application: str
    replica: str
    path: Path

    def changed_at(self) -> float:
        """Return when its file was written last, in Unix seconds; 0 where there is none."""
        try:
            return self.path.stat().st_mtime
        except OSError:
            return 0.0

    def line(self, text: str, at: float) -> LogLine:
        """Return a line of it."""
        return LogLine(self.application, self.replica, text, at)


async def stream_logs(
    supervisor: "Supervisor", environment: str, application: str | None, *, tail: int, follow: bool
) -> AsyncIterator[LogLine]:
    """Yield the last lines of each replica by time; with follow the new ones, of new replicas too."""
    tails: dict[Path, tuple[Source, LogTail]] = {}
    known = list(_sources(supervisor, environment, application))
    caps = supervisor.world.logs
    found = []
    async with caps.steady:
        for source in known:
            # Who goes on shows the line that is being written once it is whole.
            end = whole_lines(source.path) if follow else None
            found.append((source, all_last_lines(source.path, tail, until=end)))
            tails[source.path] = (source, LogTail(source.path, end or 0, cuts=caps.cuts(source.path)))
    for line in merged(found):
        yield line
    while follow:
        await asyncio.sleep(LOOK_SECONDS)
        for source in _sources(supervisor, environment, application):
            tails.setdefault(source.path, (source, LogTail(source.path)))
        now = supervisor.world.now()
        for source, log in tails.values():
            async with caps.steady:
                new = (*log.read_cut(caps.cuts(source.path)), *log.read())
            for one in new:
                yield source.line(one.text, now)


def merged(logs: Iterable[tuple[Source, tuple[str, ...]]]) -> Iterator[LogLine]:
    """Yield lines of several logs by the time that each states; one without goes with the one before."""
    return heapq.merge(*(_stamped(source, lines) for source, lines in logs), key=lambda line: line.at)


def stated_time(text: str) -> float | None:
    """Return the ISO 8601 time near the beginning of a line in Unix seconds; None where there is none."""
    found = _STAMP.search(text, 0, SEARCHED)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[0].replace(",", ".")).timestamp()
    except ValueError:
        return None


def _stamped(source: Source, lines: tuple[str, ...]) -> Iterator[LogLine]:
    stated = (time for text in lines if (time := stated_time(text)) is not None)
    at = next(stated, None) or source.changed_at()
    for text in lines:
        at = max(at, stated_time(text) or at)
        yield source.line(text, at)


def _sources(supervisor: "Supervisor", environment: str, application: str | None) -> Iterator[Source]:
    runtime = supervisor.environments.get(environment)
    for replica in list(runtime.replicas.values()) if runtime else ():
        if application not in (None, replica.application, replica.record.workload):
            continue
        for container in (*replica.init, *replica.containers):
            name = replica.record.name + ("" if container in replica.containers else f"/{container}")
            yield Source(replica.application, name, replica.log(container))
