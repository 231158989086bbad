"""A state file that cannot be used is named, and stays as it was."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from flaskship.engines.local.migrations import VERSION
from flaskship.engines.local.state_file import open_database
from flaskship.model.errors import FlaskshipError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    open_database(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    (tmp_path / "routes.json").write_text("{}")
    return path


def _refused(path: Path) -> FlaskshipError:
    before = path.read_bytes()
    with pytest.raises(FlaskshipError) as refused:
        open_database(path)
    assert path.read_bytes() == before
    assert str(path) in refused.value.message
    assert refused.value.hint
    return refused.value


def test_a_good_file_opens_again_private_to_its_owner(file: Path) -> None:
    db = open_database(file)
    assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
    db.close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_newer_one_names_both_versions(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    said = _refused(file).message
    assert str(VERSION) in said
    assert str(VERSION + 1) in said


def test_noise_is_no_database(file: Path) -> None:
    file.write_bytes(os.urandom(8192))
    assert "is damaged" in _refused(file).message


def test_half_of_one_is_found_before_it_is_used(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert "is damaged" in _refused(file).message


def test_an_emptied_one_is_not_taken_for_a_new_one(file: Path) -> None:
    file.write_bytes(b"")
    assert "it is empty" in _refused(file).message


def test_a_missing_one_is_not_taken_for_a_new_one(file: Path) -> None:
    file.unlink()
    with pytest.raises(FlaskshipError, match="it is missing"):
        open_database(file)
    assert not file.exists()


def test_what_the_spawner_kept_tells_as_well_that_something_ran(file: Path) -> None:
    file.unlink()
    (file.parent / "routes.json").unlink()
    (file.parent / "exits").mkdir()
    (file.parent / "exits" / "a1.web.1.replica.json").touch()
    with pytest.raises(FlaskshipError, match="it is missing"):
        open_database(file)


def test_one_without_a_table_is_not_taken_for_a_new_one(file: Path) -> None:
    file.unlink()
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("VACUUM")
    assert file.stat().st_size > 0
    assert "there is no table in it" in _refused(file).message


def test_the_tables_stand_in_the_file_itself_from_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with contextlib.closing(open_database(file)):
        copy = tmp_path / "copy.db"
        copy.write_bytes(file.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION


@pytest.fixture
def log(file: Path) -> Path:
    """A write-ahead log with a revision in it that is not in the file, as a killed process leaves it."""
    with contextlib.closing(open_database(file)) as db:
        db.execute("INSERT INTO revisions (environment, number, at, release) VALUES ('dev', 1, 1.0, '{}')")
        wal = file.with_name("state.db-wal")
        left = {file: file.read_bytes(), wal: wal.read_bytes()}
    for path, content in left.items():
        path.write_bytes(content)
    return wal


def test_a_good_log_is_taken_over(file: Path, log: Path) -> None:
    with contextlib.closing(open_database(file)) as db:
        assert db.execute("SELECT COUNT(*) FROM revisions").fetchone()[0] == 1


@pytest.mark.parametrize("place", [*range(12), *range(16, 32)])
def test_a_log_with_a_wrong_header_is_damage_and_not_an_empty_one(file: Path, log: Path, place: int) -> None:
    content = bytearray(log.read_bytes())
    content[place] ^= 0xFF
    log.write_bytes(content)
    assert "write-ahead log state.db-wal" in _refused(file).message
    assert log.read_bytes() == content


def test_a_log_of_zeros_is_damage(file: Path, log: Path) -> None:
    content = bytes(32) + log.read_bytes()[32:]
    log.write_bytes(content)
    assert "write-ahead log state.db-wal" in _refused(file).message
    assert log.read_bytes() == content


@pytest.mark.parametrize("size", [0, 5, 32])
def test_a_log_that_was_only_begun_holds_nothing(file: Path, log: Path, size: int) -> None:
    log.write_bytes(bytes(size))
    open_database(file).close()


INSERT = "INSERT INTO revisions (environment, number, at, release) VALUES ('dev', ?, 1.0, ?)"
FRAME = 24 + 4096


def leave(file: Path, *ends: str) -> None:
    """Make the files as they are now those that a killed process left."""
    left = {path: path.read_bytes() for end in ends if (path := file.with_name(f"state.db{end}")).exists()}
    for path, content in left.items():
        path.with_name(f"{path.name}.left").write_bytes(content)


def put_back(file: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path = file.with_name(f"state.db{end}")
        path.unlink(missing_ok=True)
        left = path.with_name(f"{path.name}.left")
        if left.exists():
            left.replace(path)


@pytest.fixture(params=[("", "-wal", "-shm"), ("", "-wal")], ids=["its index", "no index"])
def written(file: Path, request: pytest.FixtureRequest) -> Path:
    """A log of three revisions, each larger than a page, with or without SQLite's own count beside it."""
    with contextlib.closing(open_database(file)) as db:
        for number in (1, 2, 3):
            db.execute(INSERT, (number, "x" * 6000))
        leave(file, *request.param)
    put_back(file)
    return file.with_name("state.db-wal")


def spoil(log: Path, frame: int, offset: int = 100) -> bytes:
    content = bytearray(log.read_bytes())
    content[32 + frame * FRAME + offset] ^= 0xFF
    log.write_bytes(content)
    return bytes(content)


def frames(log: Path) -> int:
    return (log.stat().st_size - 32) // FRAME


def revisions(file: Path) -> list[int]:
    with contextlib.closing(open_database(file)) as db:
        return [row[0] for row in db.execute("SELECT number FROM revisions ORDER BY number")]


def test_a_whole_log_is_taken_over(file: Path, written: Path) -> None:
    assert frames(written) >= 6
    assert revisions(file) == [1, 2, 3]


@pytest.mark.parametrize("offset", [1, 10, 18, 100, 4000], ids=["page", "salt", "sum", "content", "end"])
@pytest.mark.parametrize("place", [0, 1, -2])
def test_a_frame_that_is_spoilt_costs_no_later_one_in_silence(
    file: Path, written: Path, place: int, offset: int
) -> None:
    content = spoil(written, place % frames(written), offset)
    said = _refused(file).message
    assert "its write-ahead log state.db-wal is spoilt" in said
    assert written.read_bytes() == content
    assert "is spoilt" in _refused(file).message, "however often it is looked at"


def test_the_last_frame_is_missed_where_sqlite_counted_it(file: Path, written: Path) -> None:
    spoil(written, frames(written) - 1)
    if written.with_name("state.db-shm").exists():
        assert "is spoilt" in _refused(file).message
    else:
        assert revisions(file) == [1, 2], "a write that was cut off looks like this"


def test_a_log_that_was_cut_short_is_missed_where_sqlite_counted_it(file: Path, written: Path) -> None:
    written.write_bytes(written.read_bytes()[: 32 + 2 * FRAME + 500])
    if written.with_name("state.db-shm").exists():
        assert "is spoilt" in _refused(file).message
    else:
        open_database(file).close()


def test_frames_of_an_earlier_round_behind_the_last_one_are_none(file: Path) -> None:
    with contextlib.closing(open_database(file)) as db:
        for number in (1, 2, 3):
            db.execute(INSERT, (number, "x" * 6000))
        db.execute("PRAGMA wal_checkpoint(RESTART)")
        db.execute(INSERT, (4, "y"))
        leave(file, "", "-wal", "-shm")
    put_back(file)
    assert revisions(file) == [1, 2, 3, 4]


@pytest.mark.parametrize("after", [True, False], ids=["something followed", "nothing followed"])
def test_what_a_transaction_left_that_was_never_committed_is_no_damage(file: Path, after: bool) -> None:
    with contextlib.closing(open_database(file)) as db:
        db.execute(INSERT, (1, "x" * 6000))
        db.execute("PRAGMA cache_size=1")
        db.execute("BEGIN IMMEDIATE")
        for number in range(2, 20):
            db.execute(INSERT, (number, "z" * 6000))
        db.execute("ROLLBACK")
        if after:
            db.execute(INSERT, (2, "y"))
        leave(file, "", "-wal", "-shm")
    put_back(file)
    assert frames(file.with_name("state.db-wal")) > 20, "they stand there"
    assert revisions(file) == ([1, 2] if after else [1])


@pytest.mark.parametrize("spoilt", [bytes(136), b"", b"\xff" * 32768], ids=["zeros", "empty", "noise"])
def test_a_count_that_is_none_counts_nothing(file: Path, written: Path, spoilt: bytes) -> None:
    written.with_name("state.db-shm").write_bytes(spoilt)
    assert revisions(file) == [1, 2, 3]


def test_aides_that_have_only_begun_ran_nothing(tmp_path: Path) -> None:
    (tmp_path / "exits").mkdir()
    (tmp_path / "exits" / "spawner.lock").touch()
    open_database(tmp_path / "state.db").close()


def test_an_empty_one_where_nothing_ever_ran_is_new(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()
    open_database(path).close()
    assert path.stat().st_size > 0
