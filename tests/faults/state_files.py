"""Faults of the engine's state file: newer, damaged, on a disk without room."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import operations
from tests.faults.operations import Case, whole
from tests.faults.results import Seen
from tests.faults.standing import NAME, Fault, running
from tests.faults.town import Town, alive

from flaskship.engines.local.state import State
from flaskship.model.errors import FlaskshipError


def spoilt(spoil: Callable[[Town], None], words: str, *, kept: bool) -> Fault:
    """The state file is harmed while no supervisor runs: named, never lost, and the router goes on.

    A damaged one is kept under a dated name, one of a newer version stays where it is.
    """

    async def run(town: Town) -> Seen:
        url = await running(town)
        supervisor, router = town.daemon("supervisor"), town.daemon("router")
        assert supervisor is not None
        assert router is not None
        os.kill(supervisor, signal.SIGTERM)
        await town.until(lambda: not alive(supervisor))
        saved = _save(town)
        spoil(town)
        harmed = town.paths.database.read_bytes()
        begun = time.monotonic()
        with town.watch(url) as watch:
            said = await _refusal(town)
            seconds = time.monotonic() - begun
        assert words in said.message, said.message
        assert said.hint
        assert (said.code, said.exit_code) == ("StateDamaged" if kept else "PreflightFailed", 4)
        assert watch.failed == []
        assert alive(router)
        copies = [file for file in town.paths.home.glob("state.db.damaged-*") if file.read_bytes() == harmed]
        if kept:
            assert [str(file) for file in copies if str(file) in said.message], "it was not kept"
            # Nothing of these can be recovered: a release starts anew, and nothing runs twice.
            await operations.update(Case(town, NAME, f"v{town.number()}"))
        else:
            assert town.paths.database.read_bytes() == harmed, "the harmed file was changed"
            _put_back(town, saved)
        await town.settle(NAME, lambda s, _: whole(s))
        return Seen(f"exit {said.exit_code}", _undated(said.message, town), seconds, watch.sent, 0)

    return run


def _undated(sentence: str, town: Town) -> str:
    return re.sub(r"damaged-[0-9TZ-]+", "damaged-DATE", sentence.replace(str(town.project), "PROJECT"))


async def _refusal(town: Town) -> FlaskshipError:
    engine = town.engine()
    try:
        await engine.observe(NAME)
    except FlaskshipError as error:
        return error
    finally:
        await engine.close()
    raise AssertionError("nobody said that the state is harmed")


def _files(town: Town) -> list[Path]:
    return [town.paths.database.with_name(town.paths.database.name + end) for end in ("", "-wal", "-shm")]


def _save(town: Town) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in _files(town) if file.exists()}


def _put_back(town: Town, saved: dict[Path, bytes]) -> None:
    for file in _files(town):
        file.unlink(missing_ok=True)
    for file, content in saved.items():
        file.write_bytes(content)


def newer(town: Town) -> None:
    with contextlib.closing(sqlite3.connect(town.paths.database)) as db:
        db.execute("PRAGMA user_version = 99")
        db.commit()


def corrupt(town: Town) -> None:
    _alone(town)
    town.paths.database.write_bytes(os.urandom(8192))


def truncated(town: Town) -> None:
    _alone(town)
    content = town.paths.database.read_bytes()
    town.paths.database.write_bytes(content[: len(content) // 2])


def emptied(town: Town) -> None:
    _alone(town)
    town.paths.database.write_bytes(b"")


def _alone(town: Town) -> None:
    with contextlib.closing(sqlite3.connect(town.paths.database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")


async def full_disk(town: Town) -> Seen:
    """The state on a disk without room: said in a sentence, and what was there is there still."""
    mount = town.project.parent / "small"
    mount.mkdir(exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(mount)], check=False)
    assert made.returncode == 0, "a small file system could not be mounted"
    try:
        state = State(mount / "state.db")
        (mount / "ballast").write_bytes(b"")
        with contextlib.suppress(OSError), (mount / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
        begun = time.monotonic()
        try:
            for number in range(200):
                state.add_revision(town.web(NAME, f"{number}"), 1.0)
        except FlaskshipError as error:
            said = error
        else:
            raise AssertionError("the disk was not full")
        kept = len(state.revisions(NAME))
        state.close()
        again = State(mount / "state.db")
        assert len(again.revisions(NAME)) == kept
        again.close()
        assert (said.code, said.exit_code) == ("NoSpace", 4)
        return Seen(f"exit {said.exit_code}", said.message, time.monotonic() - begun)
    finally:
        subprocess.run(["umount", str(mount)], check=True)
