"""kill -9 of each of Flaskship's own processes: what runs goes on, and the next command takes it over."""

import os
import signal

import pytest
from tests.integration.stories.clients import load
from tests.integration.stories.project import API, Project, pids_of, until

AT_MOST_IN_FLIGHT = 4  # one for each client of the load


@pytest.mark.parametrize("role", ["supervisor", "spawner"])
def test_the_death_of_a_daemon_loses_no_request_and_no_process(dev: Project, role: str) -> None:
    pids, revision = dev.pids(), dev.history()[-1]["revision"]
    victim = dev.daemon(role)

    with load(dev.port) as load_:
        os.kill(victim, signal.SIGKILL)
        assert dev.pids() == pids
        until(lambda: _replaced(dev, role, victim))
        assert dev.status()["phase"] == "Healthy"
        dev.run("restart", "dev", API).ok()

    assert load_.failed == []
    assert set(dev.pids()[API]).isdisjoint(pids[API])
    assert dev.history()[-1]["revision"] == revision
    dev.run("deploy", "dev").ok()


def test_the_death_of_the_router_loses_at_most_what_was_in_flight(dev: Project) -> None:
    pids = dev.pids()
    victim = dev.daemon("router")

    with load(dev.port) as load_:
        until(lambda: load_.sent > 20)
        os.kill(victim, signal.SIGKILL)
        until(lambda: _replaced(dev, "router", victim))
        sent = load_.sent
        until(lambda: load_.sent > sent + 20)
        assert dev.pids() == pids
        dev.run("restart", "dev", API).ok()

    assert len(load_.failed) <= AT_MOST_IN_FLIGHT, load_.failed
    dev.run("deploy", "dev").ok()


def test_all_daemons_at_once_are_replaced_by_the_next_command(dev: Project) -> None:
    pids = dev.pids()
    for role in ("supervisor", "spawner", "router"):
        os.kill(dev.daemon(role), signal.SIGKILL)

    assert dev.pids() == pids
    until(lambda: dev.status()["phase"] == "Healthy")
    dev.run("verify", "dev").ok()
    dev.run("restart", "dev").ok()
    dev.run("deploy", "dev").ok()
    stopped = dev.run("down", "--all").ok()
    assert dev.processes() == {}, stopped


def test_a_stopped_supervisor_is_named_by_every_command_and_hides_no_state(dev: Project) -> None:
    pids, revision = dev.pids(), dev.history()[-1]["revision"]
    stopped = dev.daemon("supervisor")
    os.kill(stopped, signal.SIGSTOP)
    try:
        for command in (
            ("deploy", "dev"),
            ("up", "dev", "--detach"),
            ("restart", "dev", API),
            ("scale", "dev", API, "2"),
            ("rollback", "dev"),
            ("history", "dev"),
            ("events", "dev"),
            ("logs", "dev"),
            ("verify", "dev"),
            ("status", "dev", "--watch"),
            ("down", "dev"),
            ("down", "--all"),
        ):
            told = dev.run(*command).failed(4)
            assert f"error: the supervisor (pid {stopped}) is stopped and answers nothing" in told.err
            assert f"kill -CONT {stopped}" in told.err
        told = dev.run("status", "dev").ok()
        assert "Unknown" in told.out
        assert f"note: the supervisor (pid {stopped}) is stopped" in told.out
        status = dev.status()
        assert (status["phase"], status["release"]["revision"]) == ("Unknown", revision)
        assert pids_of(status) == pids
        every = dev.run("status", "-o", "json").ok().json()
        seen = next(one for one in every["environments"] if one["environment"] == "dev")
        assert seen.items() <= status.items()
    finally:
        os.kill(stopped, signal.SIGCONT)
    until(lambda: dev.status()["phase"] == "Healthy")
    assert dev.pids() == pids


def _replaced(project: Project, role: str, victim: int) -> bool:
    return bool(project.daemons(role)) and victim not in project.daemons(role)
