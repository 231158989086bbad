"""One small file for each replica: who it is while it runs, and how it ended.

An ending is on the disk (fsync, atomic rename) before anybody is told of it. The files can be read
without a spawner, so that a supervisor that finds none still learns how its replicas ended.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_SUFFIX = ".replica.json"


class Ending(NamedTuple):
    """How a process ended: an exit code, or a signal, or neither when nobody saw it (ExitUnknown)."""

    at: float
    exit_code: int | None = None
    signal: int | None = None
    core: bool = False
    rusage: dict[str, float] | None = None

    @property
    def unknown(self) -> bool:
        """Whether nobody could collect the status."""
        return self.exit_code is None and self.signal is None

    @classmethod
    def from_wait(cls, status: int, at: float, rusage: dict[str, float] | None) -> "Ending":
        """Return what a status of wait4 says."""
        if os.WIFSIGNALED(status):
            return cls(at, None, os.WTERMSIG(status), os.WCOREDUMP(status), rusage)
        return cls(at, os.WEXITSTATUS(status), None, False, rusage)


class Record(NamedTuple):
    """One replica's process: its identity, when it began, and its ending once there is one."""

    uid: str
    pid: int
    start_time: int
    boot_id: str
    started_at: float
    ending: Ending | None = None
    environment: str = ""
    """Whose it is, where a system tells no process's variables; empty in records of before."""

    def as_json(self) -> dict[str, Any]:
        """Return the record as it is written, listed and sent."""
        shown: dict[str, Any] = self._asdict()
        ending = shown.pop("ending")
        shown["running"] = ending is None
        if ending is not None:
            shown |= ending._asdict() | {"unknown": ending.unknown}
        return shown

    @classmethod
    def from_json(cls, shown: dict[str, Any]) -> "Record":
        """Return the record that as_json() described; KeyError, TypeError or ValueError for anything else."""
        ending = None
        if not shown["running"]:
            ending = Ending(*(shown[field] for field in Ending._fields))
        return cls(
            str(shown["uid"]),
            int(shown["pid"]),
            int(shown["start_time"]),
            str(shown["boot_id"]),
            float(shown["started_at"]),
            ending,
            str(shown.get("environment", "")),
        )


class Records:
    """The folder of record files, and those that could not be written yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.unwritten: dict[str, Record] = {}

    def write(self, record: Record) -> bool:
        """Return whether the record is on the disk; one that is not is kept for write_again()."""
        target = self._folder / (record.uid + _SUFFIX)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(target, json.dumps(record.as_json()).encode(), durable=record.ending is not None)
        except OSError:
            self.unwritten[record.uid] = record
            return False
        self.unwritten.pop(record.uid, None)
        return True

    def write_again(self) -> None:
        """Write what a full disk or a missing folder refused before."""
        for record in list(self.unwritten.values()):
            if not self.write(record):
                return

    def forget(self, uid: str) -> None:
        """Remove the file of a replica; one that has none is fine."""
        self.unwritten.pop(uid, None)
        with suppress(OSError):
            (self._folder / (uid + _SUFFIX)).unlink()

    def read(self) -> dict[str, Record]:
        """Return all records of the folder."""
        return read_records(self._folder)


def read_records(folder: Path) -> dict[str, Record]:
    """Return the records in a state folder by uid; a file that holds none is left alone and left out."""
    found: dict[str, Record] = {}
    for file in sorted(folder.glob("*" + _SUFFIX)):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = Record.from_json(json.loads(file.read_bytes()))
            if file.name == record.uid + _SUFFIX:
                found[record.uid] = record
    return found


def _replace(target: Path, content: bytes, *, durable: bool) -> None:
    aside = target.with_name(f".{target.name}.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.replace(target)
    if durable:
        folder = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
