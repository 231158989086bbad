"""A state file that cannot be used is named, and stays as it was."""

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


def test_an_empty_one_where_nothing_ever_ran_is_new(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()
    open_database(path).close()
    assert path.stat().st_size > 0
