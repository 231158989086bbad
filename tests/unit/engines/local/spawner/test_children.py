"""What Children decides about processes that it did not start, without a spawner around it."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from flaskship.engines.local.processes import proc
from flaskship.engines.local.spawner.children import Children
from flaskship.engines.local.spawner.records import Ending, Record, Records
from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.request import SignalRequest


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of which these Children are not the parent."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def record_of(process: subprocess.Popen[bytes], **changes: object) -> Record:
    stat = proc.read_stat(process.pid)
    assert stat is not None
    return Record("u1", process.pid, stat.start_time, proc.boot_id(), 1.0)._replace(**changes)


def children(tmp_path, *records: Record) -> Children:
    stored = Records(tmp_path)
    for record in records:
        stored.write(record)
    made = Children(str(tmp_path), stored, lock=-1, now=lambda: 5.0)
    made.unseen = made.adopt()
    return made


def test_a_recorded_process_that_lives_is_adopted(tmp_path, stranger):
    known = children(tmp_path, record_of(stranger))
    assert known.unseen == []
    (pidfd,) = known.watched()
    stranger.kill()
    stranger.wait()
    assert known.adopted_ended(pidfd).ending == Ending(5.0)
    assert known.running() == []
    assert known.watched() == []


@pytest.mark.parametrize("changes", [{"start_time": 1}, {"boot_id": "another"}, {"pid": 2**22 + 1}])
def test_a_recorded_process_that_is_another_now_has_ended_unseen(tmp_path, stranger, changes):
    known = children(tmp_path, record_of(stranger, **changes))
    assert [record.ending for record in known.unseen] == [Ending(5.0)]
    assert known.watched() == []
    assert not known.send_signal(SignalRequest("u1", signal.SIGKILL, group=False))
    assert stranger.poll() is None


def test_an_ended_record_stays_as_it_was(tmp_path, stranger):
    ended = record_of(stranger, ending=Ending(2.0, 3))
    known = children(tmp_path, ended)
    assert known.known() == [ended]
    assert not known.send_signal(SignalRequest("u1", signal.SIGKILL, group=True))
    assert stranger.poll() is None


def test_without_pidfd_adopted_processes_are_polled_and_signalled_by_number(tmp_path, stranger, monkeypatch):
    monkeypatch.setenv("FLASKSHIP_WITHOUT", "pidfd")
    known = children(tmp_path, record_of(stranger))
    assert known.polled
    assert known.watched() == []
    assert known.poll() == []
    assert known.send_signal(SignalRequest("u1", signal.SIGKILL, group=False))
    stranger.wait()
    assert [record.ending for record in known.poll()] == [Ending(5.0)]
    assert not known.polled


def test_without_pidfd_a_process_that_is_gone_has_ended_unseen(tmp_path, stranger, monkeypatch):
    monkeypatch.setenv("FLASKSHIP_WITHOUT", "pidfd")
    known = children(tmp_path, record_of(stranger, pid=2**22 + 1))
    assert [record.ending for record in known.unseen] == [Ending(5.0)]
    assert not known.polled


def test_an_unknown_replica_is_named(tmp_path):
    known = children(tmp_path)
    with pytest.raises(Refused, match="no replica u9") as refused:
        known.send_signal(SignalRequest("u9", signal.SIGTERM, group=False))
    assert refused.value.code == "UnknownUid"


def test_forgetting_what_is_not_known_is_fine(tmp_path):
    known = children(tmp_path)
    known.forget("u9")
    assert known.known() == []
