"""Processes that no state knows: whose they are, also on a system that tells no process's variables."""

import os
from types import SimpleNamespace
from typing import cast

import pytest

from flaskship.engines.local.spawner.records import Ending, Record
from flaskship.engines.local.supervisor import strays
from flaskship.engines.local.supervisor.strays import ANY, strays_of
from flaskship.engines.local.supervisor.world import World


def world(*claimed: str) -> World:
    return cast(World, SimpleNamespace(state=SimpleNamespace(process_uids=lambda: set(claimed))))


def record(uid: str, environment: str = "", ending: Ending | None = None) -> Record:
    return Record(uid, os.getpid(), 1, "boot", 1.0, ending, environment)


def test_each_is_of_the_environment_that_its_record_names() -> None:
    known = [record("a", "dev"), record("b", "staging"), record("c", "dev"), record("d", "dev", Ending(2.0))]
    gone, found = strays_of(world("c"), {one.uid: one for one in known})
    assert [one.uid for one in gone] == ["d"]
    assert {name: [one.uid for one in those] for name, those in found.items()} == {
        "dev": ["a"],
        "staging": ["b"],
    }


def test_a_record_of_before_is_asked_for_in_the_process_and_else_of_nobody_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strays, "read_environment", lambda pid: "prod" if pid == os.getpid() else "")
    assert list(strays_of(world(), {"a": record("a")})[1]) == ["prod"]
    monkeypatch.setattr(strays, "read_environment", lambda _: "")
    assert list(strays_of(world(), {"a": record("a")})[1]) == [ANY]
