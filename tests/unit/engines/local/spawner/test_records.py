import json
import os
import stat

import pytest

from flaskship.engines.local.spawner.records import Ending, Record, Records, read_records

RUNNING = Record("u1", 10, 99, "boot", 1.5)
ENDINGS = [
    Ending(2.0, 0),
    Ending(2.0, 137),
    Ending(2.0, None, 9, True, {"user": 0.1, "system": 0.2, "max_rss_kib": 3.0}),
    Ending(2.0),
]


@pytest.mark.parametrize("ending", [None, *ENDINGS])
def test_a_record_is_the_same_after_the_disk(tmp_path, ending):
    record = RUNNING._replace(ending=ending)
    assert Records(tmp_path).write(record)
    assert read_records(tmp_path) == {"u1": record}
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_last_write_counts(tmp_path):
    records = Records(tmp_path)
    records.write(RUNNING)
    records.write(RUNNING._replace(ending=ENDINGS[0]))
    assert read_records(tmp_path)["u1"].ending == ENDINGS[0]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(0, (0, None, False)), (3 << 8, (3, None, False)), (9, (None, 9, False)), (11 | 0x80, (None, 11, True))],
)
def test_a_wait_status_is_taken_apart(status, expected):
    ending = Ending.from_wait(status, 1.0, None)
    assert (ending.exit_code, ending.signal, ending.core) == expected
    assert not ending.unknown
    assert Ending(1.0).unknown


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"uid": "u1"}', '{"uid": "u2", "running": true}', "\xff"]
)
def test_a_torn_or_foreign_file_is_left_alone(tmp_path, content):
    Records(tmp_path).write(RUNNING._replace(uid="good"))
    torn = tmp_path / "u1.replica.json"
    torn.write_text(content)
    assert set(read_records(tmp_path)) == {"good"}
    assert torn.exists()


def test_a_file_under_another_replicas_name_does_not_count(tmp_path):
    Records(tmp_path).write(RUNNING)
    (tmp_path / "u1.replica.json").rename(tmp_path / "u2.replica.json")
    assert read_records(tmp_path) == {}


def test_what_cannot_be_written_is_kept_and_written_later(tmp_path):
    folder = tmp_path / "state"
    folder.write_text("a file where the folder should be")
    records = Records(folder)
    assert not records.write(RUNNING)
    records.write_again()
    assert records.unwritten == {"u1": RUNNING}
    folder.unlink()
    records.write_again()
    assert records.unwritten == {}
    assert records.read() == {"u1": RUNNING}


def test_a_forgotten_replica_leaves_nothing(tmp_path):
    records = Records(tmp_path)
    records.write(RUNNING)
    records.forget("u1")
    records.forget("u1")
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_file_is_never_seen(tmp_path, monkeypatch):
    records = Records(tmp_path)
    records.write(RUNNING)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert not records.write(RUNNING._replace(ending=ENDINGS[0]))
    monkeypatch.undo()
    assert read_records(tmp_path)["u1"].ending is None
    records.write_again()
    assert read_records(tmp_path)["u1"].ending == ENDINGS[0]


def test_a_record_as_json_says_whether_it_runs():
    assert RUNNING.as_json() == {
        "uid": "u1", "pid": 10, "start_time": 99, "boot_id": "boot", "started_at": 1.5, "running": True,
        "environment": "",
    }  # fmt: skip
    shown = RUNNING._replace(ending=Ending(2.0)).as_json()
    assert (shown["running"], shown["unknown"], shown["exit_code"], shown["signal"]) == (
        False,
        True,
        None,
        None,
    )
    assert json.loads(json.dumps(shown)) == shown


def test_a_record_says_whose_it_is_and_one_of_before_does_not():
    told = RUNNING._replace(environment="dev").as_json()
    assert Record.from_json(told).environment == "dev"
    del told["environment"]
    assert Record.from_json(told) == RUNNING
