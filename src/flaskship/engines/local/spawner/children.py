"""The replicas of one spawner: started, adopted, signalled, reaped, and each ending recorded."""

import os
import signal
import time
from collections.abc import Callable

from flaskship.engines.local.processes import proc
from flaskship.engines.local.processes.capabilities import has
from flaskship.engines.local.spawner.records import Ending, Record, Records
from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.request import SignalRequest, SpawnRequest
from flaskship.engines.local.spawner.start import start

Now = Callable[[], float]
_ANY = -1


class Children:
    """All replicas that this spawner knows, running or ended, until they are forgotten."""

    def __init__(self, project: str, records: Records, lock: int, now: Now = time.time) -> None:
        self._project = project
        self._records = records
        self._lock = lock
        self._now = now
        self._by_uid: dict[str, Record] = {}
        self._uid_by_pid: dict[int, str] = {}
        self._adopted: dict[int, str] = {}
        self._polled: set[str] = set()
        self.orphans: dict[str, int] = {}

    def running(self) -> list[Record]:
        """Return the replicas that have not ended."""
        return [record for record in self._by_uid.values() if record.ending is None]

    def known(self) -> list[Record]:
        """Return every replica that is not forgotten."""
        return list(self._by_uid.values())

    def spawn(self, request: SpawnRequest) -> Record:
        """Return the replica's process: a new one, or the one that its uid already has, running or ended."""
        existing = self._by_uid.get(request.uid)
        if existing is not None:
            return existing
        marks = {proc.PROJECT_VARIABLE: self._project, proc.UID_VARIABLE: request.uid}
        pid = start(request._replace(env=request.env | marks), self._lock)
        stat = proc.read_stat(pid)
        record = Record(
            request.uid,
            pid,
            stat.start_time if stat else 0,
            proc.boot_id(),
            self._now(),
            environment=request.env.get(proc.ENVIRONMENT_VARIABLE, ""),
        )
        self._by_uid[record.uid] = record
        self._uid_by_pid[pid] = record.uid
        self._records.write(record)
        return record

    def adopt(self) -> list[Record]:
        """Take over what an earlier spawner started; return those that ended while nobody watched."""
        unseen = []
        for record in self._records.read().values():
            self._by_uid[record.uid] = record
            if record.ending is None and not self._watch(record):
                unseen.append(self._end(record, Ending(self._now())))
        for uid, pids in proc.marked_pids(self._project).items():
            stat = proc.read_stat(pids[0])
            if uid not in self._by_uid and stat is not None:
                record = Record(uid, stat.pid, stat.start_time, proc.boot_id(), self._now())
                self._by_uid[uid] = record
                self._watch(record)
                self._records.write(record)
        return unseen

    def watched(self) -> list[int]:
        """Return the pidfds of adopted replicas, which become readable when they end."""
        return list(self._adopted)

    @property
    def polled(self) -> bool:
        """Whether adopted replicas have to be looked after, because the system has no pidfd."""
        return bool(self._polled)

    def adopted_ended(self, pidfd: int) -> Record:
        """Return the adopted replica whose pidfd became readable; its status is unknown to anybody."""
        record = self._by_uid[self._adopted.pop(pidfd)]
        os.close(pidfd)
        return self._end(record, Ending(self._now()))

    def poll(self) -> list[Record]:
        """Return the adopted replicas that have ended and had to be looked after."""
        gone = [uid for uid in sorted(self._polled) if not _exists(self._by_uid[uid].pid)]
        self._polled.difference_update(gone)
        return [self._end(self._by_uid[uid], Ending(self._now())) for uid in gone]

    def reap(self) -> list[Record]:
        """Collect every child that has ended; return the replicas among them, not the orphans."""
        ended = []
        while (peeked := _peek()) is not None:
            if peeked != _ANY and peeked not in self._uid_by_pid:
                self._count_orphan(peeked)
            try:
                pid, status, usage = os.wait4(peeked, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            uid = self._uid_by_pid.pop(pid, None)
            if uid is not None:
                used = {
                    "user": usage.ru_utime,
                    "system": usage.ru_stime,
                    "max_rss_kib": float(usage.ru_maxrss),
                }
                ended.append(self._end(self._by_uid[uid], Ending.from_wait(status, self._now(), used)))
        return ended

    def send_signal(self, request: SignalRequest) -> bool:
        """Return whether there was anything to signal: never a process that took over a pid."""
        record = self._by_uid.get(request.uid)
        if record is None:
            raise Refused("UnknownUid", f"no replica {request.uid} was started here")
        if record.ending is None and not request.group:
            return _signal_exactly(record.pid, record.start_time, request.number)
        if record.ending is None and record.pid in self._uid_by_pid:
            return _signal_group(record.pid, request.number)
        if not request.group:
            return False
        sent = [_signal_exactly(pid, 0, request.number) for pid in self._left_of(record)]
        return any(sent)

    def kill_all(self) -> int:
        """Kill every process of every replica, those that left their session included; return how many."""
        found = {pid for record in self.running() for pid in proc.session_pids(record.pid)}
        found |= {pid for pids in proc.marked_pids(self._project).values() for pid in pids}
        return sum(_signal_exactly(pid, 0, signal.SIGKILL) for pid in found)

    def forget(self, uid: str) -> None:
        """Drop an ended replica and its file; a running one is refused."""
        record = self._by_uid.get(uid)
        if record is not None and record.ending is None:
            raise Refused("StillRunning", f"replica {uid} runs as pid {record.pid}")
        self._by_uid.pop(uid, None)
        self.orphans.pop(uid, None)
        self._records.forget(uid)

    def _end(self, record: Record, ending: Ending) -> Record:
        ended = record._replace(ending=ending)
        self._by_uid[record.uid] = ended
        self._records.write(ended)
        return ended

    def _watch(self, record: Record) -> bool:
        if record.boot_id != proc.boot_id():
            return False
        if not has("pidfd"):
            self._polled |= {record.uid} if _exists(record.pid) else set()
            return record.uid in self._polled
        try:
            pidfd = os.pidfd_open(record.pid)
        except OSError:
            return False
        stat = proc.read_stat(record.pid)
        if stat is None or stat.start_time != record.start_time or stat.ended:
            os.close(pidfd)
            return False
        self._adopted[pidfd] = record.uid
        return True

    def _left_of(self, record: Record) -> list[int]:
        """Return the processes that still carry the replica's mark, or sit in its unrecycled session."""
        marked = proc.marked_pids(self._project).get(record.uid, [])
        if record.ending is None:
            marked = sorted({*marked, *proc.session_pids(record.pid)})
        return marked

    def _count_orphan(self, pid: int) -> None:
        stat = proc.read_stat(pid)
        uid = self._uid_by_pid.get(stat.session) if stat is not None else None
        if uid is None and stat is not None:
            uid = next((record.uid for record in self._by_uid.values() if record.pid == stat.session), None)
        if uid is not None:
            self.orphans[uid] = self.orphans.get(uid, 0) + 1


def _peek() -> int | None:
    """Return a child that has ended and is not reaped, so that its session can still be read; else None."""
    if not has("waitid"):
        return _ANY
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found is not None else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _signal_exactly(pid: int, start_time: int, number: int) -> bool:
    """Signal through a pidfd, after a look at what it holds: a recycled pid has another start time."""
    if not has("pidfd"):
        return _signal_by_pid(pid, number)
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        stat = proc.read_stat(pid)
        if stat is None or stat.ended or (start_time and stat.start_time != start_time):
            return False
        signal.pidfd_send_signal(pidfd, number)
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


def _signal_by_pid(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def _signal_group(leader: int, number: int) -> bool:
    """Signal the group of a child that is not reaped yet: its number cannot have been recycled."""
    try:
        os.killpg(leader, number)
    except OSError:
        return False
    return True
