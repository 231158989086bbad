"""A damaged state file is kept under a dated name, and what can still be read of it goes on."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from flaskship.engines.local import salvage
from flaskship.engines.local.migrations import VERSION
from flaskship.engines.local.state import ProcessRecord, ReplicaRecord, State
from flaskship.engines.local.state_file import open_database
from flaskship.model.errors import FlaskshipError, PreflightError, StateDamagedError
from flaskship.model.release import Provenance, Release

AT = 1_790_000_000.0
DATED = "state.db.damaged-20260921T141320Z"


def release(environment: str, number: int) -> Release:
    documents = ({"kind": "X", "note": f"{environment} {number} " + "lorem ipsum " * 700},)
    return Release(environment, f"{environment}-apps", f"my-app-{environment}", documents, Provenance("me"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three revisions of dev, which runs with one replica, and two of staging, which rests."""
    path = tmp_path / "state.db"
    with closing(State(path)) as state:
        for number in (1, 2, 3):
            state.add_revision(release("dev", number), float(number))
        for number in (1, 2):
            state.add_revision(release("staging", number), float(number))
        intent = state.intent("staging")
        assert intent is not None
        state.save_intent(replace(intent, running=False))
        state.save_replica(
            ReplicaRecord("a1", "dev", "web", "web-a1", "t", 3, 1.0, "127.20.1.1", {5000: 5000})
        )
        state.save_process(ProcessRecord("a1.web.1", "a1", "web", 1, 1.0, 42, 7, "boot"))
    (tmp_path / "routes.json").write_text("{}")
    return path


def damage_page_of(path: Path, table: str) -> None:
    """Overwrite the first page of a table, as a disk that lies does."""
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [noise, half, nothing])
def test_a_damaged_file_is_kept_whole_with_its_mode_and_the_next_start_has_a_good_one(
    file: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(file)
    file.chmod(0o640)
    before = file.read_bytes()
    with pytest.raises(StateDamagedError) as found:
        open_database(file)
    said = salvage.set_aside(file, found.value, AT)
    kept = file.with_name(DATED)
    assert kept.read_bytes() == before
    assert kept.stat().st_mode & 0o777 == 0o640
    assert file.stat().st_mode & 0o777 == 0o600
    assert isinstance(said, PreflightError)
    assert str(kept) in said.message
    assert said.hint
    with closing(State(file)) as state:
        assert state.locks() == ()


def test_what_can_be_read_is_there_again_and_named(file: Path) -> None:
    damage_page_of(file, "events")
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok"
    with pytest.raises(StateDamagedError) as found:
        open_database(file)
    said = salvage.set_aside(file, found.value, AT)
    assert "dev (3 revisions, it was running)" in said.message
    assert "staging (2 revisions)" in said.message
    with closing(State(file)) as state:
        assert [one.number for one in state.revisions("dev")] == [1, 2, 3]
        assert state.release("dev", 2) == release("dev", 2)
        assert {one.environment: one.running for one in state.intents()} == {"dev": True, "staging": False}
        assert [one.uid for one in state.replicas("dev")] == ["a1"]
        assert state.process_uids() == {"a1.web.1"}


def test_replicas_whose_intent_is_lost_are_forgotten_lest_somebody_ends_them(file: Path) -> None:
    damage_page_of(file, "intents")
    said = salvage.set_aside(file, StateDamagedError("x"), AT)
    assert "dev (3 revisions)" in said.message
    with closing(State(file)) as state:
        intent = state.intent("dev")
        assert intent is not None
        assert (intent.revision, intent.running) == (3, False)
        assert state.replicas("dev") == ()
        assert state.process_uids() == set()


def test_an_intent_whose_revision_is_lost_runs_nothing_by_itself(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE revisions SET release = 'half of a rel' WHERE environment = 'dev' AND number = 3")
    damage_page_of(file, "events")
    said = salvage.set_aside(file, StateDamagedError("x"), AT)
    assert "dev (2 revisions)" in said.message
    with closing(State(file)) as state:
        intent = state.intent("dev")
        assert intent is not None
        assert (intent.revision, intent.running) == (2, False)
        assert state.replicas("dev") == ()
        assert state.add_revision(release("dev", 3), 3.0) == 3


def test_an_environment_whose_intent_is_lost_keeps_its_history(file: Path) -> None:
    damage_page_of(file, "intents")
    salvage.set_aside(file, StateDamagedError("x"), AT)
    with closing(State(file)) as state:
        assert {one.environment: one.running for one in state.intents()} == {"dev": False, "staging": False}
        intent = state.intent("dev")
        assert intent is not None
        assert (intent.release, intent.namespace, intent.revision) == ("dev-apps", "my-app-dev", 3)


def test_two_damages_in_a_second_are_both_kept(file: Path) -> None:
    noise(file)
    first = file.read_bytes()
    salvage.set_aside(file, StateDamagedError("x"), AT)
    noise(file)
    second = file.read_bytes()
    salvage.set_aside(file, StateDamagedError("x"), AT)
    assert file.with_name(DATED).read_bytes() == first
    assert file.with_name(DATED + "-2").read_bytes() == second


def test_a_missing_file_is_begun_anew_and_told(file: Path) -> None:
    file.unlink()
    with pytest.raises(StateDamagedError) as found:
        open_database(file)
    said = salvage.set_aside(file, found.value, AT)
    assert "it is missing. Nothing is left to be kept; recovered from it: nothing" in said.message
    with closing(State(file)) as state:
        assert state.intents() == ()


def test_a_log_whose_file_is_missing_is_kept(file: Path) -> None:
    with closing(State(file)) as state:
        state.add_revision(release("dev", 4), 4.0)
        log = file.with_name("state.db-wal")
        content = log.read_bytes()
        file.unlink()
    log.write_bytes(content)
    said = salvage.set_aside(file, StateDamagedError("x", hint="x"), AT)
    kept = file.with_name(f"{DATED}-wal")
    assert f"It is kept as {kept};" in said.message
    assert kept.read_bytes() == content
    log.write_bytes(b"another")
    file.unlink()
    salvage.set_aside(file, StateDamagedError("x", hint="x"), AT)
    assert kept.read_bytes() == content


def test_a_spoilt_log_is_kept_with_its_file_and_what_stands_in_the_file_goes_on(file: Path) -> None:
    with closing(State(file)) as state:
        state.add_revision(release("dev", 4), 4.0)
        log = file.with_name("state.db-wal")
        main, spoilt = file.read_bytes(), bytes(32) + log.read_bytes()[32:]
    file.write_bytes(main)
    log.write_bytes(spoilt)
    with pytest.raises(StateDamagedError) as found:
        open_database(file)
    said = salvage.set_aside(file, found.value, AT)
    kept = file.with_name(DATED)
    assert f"It is kept as {kept} and {kept}-wal; recovered from it: dev (3 revisions" in said.message
    assert (kept.read_bytes(), file.with_name(f"{DATED}-wal").read_bytes()) == (main, spoilt)
    with closing(State(file)) as again:
        assert [one.number for one in again.revisions("dev")] == [1, 2, 3]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", range(12))
def test_a_death_at_any_moment_loses_neither_the_file_nor_what_was_recovered(
    file: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    with closing(sqlite3.connect(file)) as holding:
        # Somebody's write-ahead log lies beside the file, with the last revision in it.
        holding.execute("PRAGMA wal_autocheckpoint=0")
        holding.execute("UPDATE intents SET scales = '{\"web\": 4}' WHERE environment = 'dev'")
        holding.commit()
        damage_page_of(file, "events")
        copies = {f: f.read_bytes() for f in file.parent.iterdir()}
    for path, content in copies.items():
        path.write_bytes(content)
    before = file.read_bytes()
    count = 0
    for name in ("link", "rename", "replace", "unlink"):
        original = getattr(os, name)

        def cut(*args, _original=original, **options):
            nonlocal count
            count += 1
            if count > moment:
                raise Killed
            return _original(*args, **options)

        monkeypatch.setattr(os, name, cut)
    try:
        salvage.set_aside(file, StateDamagedError("x"), AT)
        dead = False
    except Killed:
        dead = True
    monkeypatch.undo()
    if dead and not salvage.finish(file, AT):
        salvage.set_aside(file, StateDamagedError("x"), AT)
    assert [k.read_bytes() for k in file.parent.glob("state.db.damaged-*Z")] == [before]
    with closing(State(file)) as state:
        intent = state.intent("dev")
        assert intent is not None
        assert (intent.revision, intent.running, dict(intent.scales)) == (3, True, {"web": 4})


def test_nothing_is_begun_where_nothing_was_under_way(file: Path) -> None:
    assert not salvage.finish(file, AT)


def test_a_full_disk_leaves_the_damaged_file_where_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(file)
    before = file.read_bytes()

    def full(_: Path, *, begin: bool) -> sqlite3.Connection:
        raise FlaskshipError("the state file cannot be opened: database or disk is full", hint="Free some.")

    monkeypatch.setattr(salvage, "open_database", full)
    said = salvage.set_aside(file, StateDamagedError("it is noise", hint="x"), AT)
    assert "it is noise" in said.message
    assert "disk is full" in said.message
    assert file.read_bytes() == before
    assert [f.name for f in file.parent.iterdir() if "damaged" in f.name or "new" in f.name] == []


def test_a_newer_file_is_not_touched_by_looking(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with closing(sqlite3.connect(file)) as newer:
        newer.execute("PRAGMA wal_autocheckpoint=0")
        newer.execute("DELETE FROM events")
        newer.execute("UPDATE intents SET running = 1")
        newer.commit()
        file.chmod(0o640)
        wal = file.with_name("state.db-wal")
        before = [(f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_mode) for f in (file, wal)]
        with pytest.raises(PreflightError, match=f"version {VERSION + 1}"):
            open_database(file)
        assert [(f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_mode) for f in (file, wal)] == before
