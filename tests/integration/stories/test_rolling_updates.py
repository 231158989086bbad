"""A change under load: every request gets its answer."""

from tests.integration.stories.clients import load, posting
from tests.integration.stories.project import API, Project


def test_a_rolling_update_and_a_rollback_lose_no_request(dev: Project) -> None:
    before = dev.status()["release"]["revision"]
    pids = dev.pids()[API]

    with load(dev.port) as load_:
        updated = dev.run("deploy", "dev", "--set", f"applications.{API}.env.COLOUR=green", "-o", "json")
        middle = dev.pids()[API]
        back = dev.run("rollback", "dev", str(before), "-o", "json")

    assert updated.ok().json()["receipt"]["failed"] == 0
    assert back.ok().json()["rolled_back_to"] == before
    assert load_.failed == []
    assert set(middle).isdisjoint(pids)
    assert set(dev.pids()[API]).isdisjoint(middle)


def test_ten_clients_that_only_write_lose_nothing_to_an_update_and_a_rollback(dev: Project) -> None:
    """Every process of the API writes to one SQLite file, and two of them run at once during a move."""
    before = dev.status()["release"]["revision"]
    with posting(dev.port, 10) as writers:
        dev.run("deploy", "dev", "--set", f"applications.{API}.env.COLOUR=blue").ok()
        dev.run("rollback", "dev", str(before)).ok()
    assert writers.failed == []


def test_a_restart_and_a_scale_lose_no_request(dev: Project) -> None:
    first = dev.pids()[API]
    with load(dev.port) as load_:
        dev.run("restart", "dev", API).ok()
        second = dev.pids()[API]
        dev.run("scale", "dev", API, "3").ok()
        three = dev.pids()[API]
        dev.run("scale", "dev", API, "1").ok()
        last = dev.pids()[API]
        dev.run("deploy", "dev", "--reason", "a restart lasts until the next deploy").ok()

    assert load_.failed == []
    assert set(first).isdisjoint(second)
    assert (len(three), len(last)) == (3, 1)
    assert set(second) < set(three)
    assert set(last) < set(three)
    assert len(dev.pids()[API]) == 1
