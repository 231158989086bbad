"""What a dead supervisor leaves is taken over whole: replicas, sockets, routes of every environment."""

import contextlib
import os
import signal
import sqlite3
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.documents import service
from tests.contract.harness import Harness, annotated, uids
from tests.contract.local import daemons, local

from flaskship.engines.local.paths import LocalPaths
from flaskship.model.snapshot import Snapshot

WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    async with local(tmp_path) as one:
        yield one
        for engine in one.opened:
            await engine.close()


def kill(harness: Harness, *roles: str) -> None:
    for role in roles:
        (pid,) = daemons(harness.folder, role)
        os.kill(pid, signal.SIGKILL)


def answers(snapshot: Snapshot) -> bool:
    (url,) = snapshot.workloads[0].endpoints
    with WITHOUT_PROXY.open(f"{url}/", timeout=10) as answer:
        return bool(answer.status == 200)


@pytest.mark.parametrize("roles", [("supervisor",), ("supervisor", "router"), ("router",), ("spawner",)])
async def test_both_environments_answer_after_a_kill(harness: Harness, roles: tuple[str, ...]) -> None:
    first = harness.engine()
    before = {
        name: await harness.succeed(first, harness.release(*harness.web(), environment=name))
        for name in ("dev", "staging")
    }
    kill(harness, *roles)
    again = harness.engine()
    for name in ("dev", "staging"):
        after = await harness.until(again, lambda now: now.workloads[0].ready == 1, name)
        assert uids(after) == uids(before[name])
        assert after.workloads[0].replicas[0].pid == before[name].workloads[0].replicas[0].pid
        assert after.workloads[0].endpoints == before[name].workloads[0].endpoints
        assert answers(after)


async def test_another_environments_apply_leaves_the_sockets_of_the_first_alone(harness: Harness) -> None:
    engine = harness.engine()
    dev = await harness.succeed(engine, harness.release(*harness.web()))
    await harness.succeed(engine, harness.release(*harness.web(), service("more"), environment="staging"))
    assert answers(dev)
    assert answers(await engine.observe("staging"))


@pytest.mark.parametrize("forgotten", [False, True], ids=["pruned now", "pruned by an earlier version"])
async def test_replicas_outlive_the_revisions_that_left_them_unchanged(
    harness: Harness, *, forgotten: bool
) -> None:
    engine = harness.engine()
    web, front = harness.web()
    web["spec"]["revisionHistoryLimit"] = 1
    first = await harness.succeed(engine, harness.release(web, front))
    for turn in range(4):
        await harness.succeed(engine, harness.release(annotated(web, turn=str(turn)), front))
    kept = [revision.number for revision in await engine.history("dev")]
    assert kept == [1, 4, 5]
    kill(harness, "supervisor")
    if forgotten:
        with contextlib.closing(sqlite3.connect(LocalPaths(harness.folder).database)) as db, db:
            db.execute("DELETE FROM revisions WHERE number = 1")
    after = await harness.until(harness.engine(), lambda now: now.workloads[0].ready == 1)
    assert uids(after) == uids(first)
    assert after.workloads[0].replicas[0].pid == first.workloads[0].replicas[0].pid
    assert answers(after)
