"""Writers that meet or die: one at a time, each named, and what is left behind is put right by the next."""

import asyncio
import contextlib
import os
import random
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cluster.town import API, COMMAND, WORKER, Ended, Town, ended, until_revision

from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.failures import ConflictError
from flaskship.engines.kubernetes.lease import OWNER, PROCESS, Leases, name_of
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import LEASES, PODS, SECRETS
from flaskship.engines.kubernetes.trying import BEGIN, WAIT
from flaskship.model.release import Document
from flaskship.tasks.one_application import application_of

KILLS = int(os.environ.get("FLASKSHIP_TEST_KILLS", "20"))


def place(town: Town) -> Place:
    return Place("dev", "dev-apps", town.namespace())


async def test_a_second_deploy_is_told_who_holds_the_lock(town: Town) -> None:
    await town.make_namespace("dev")
    leases = Leases(town.cluster, time.monotonic)
    lock = await leases.acquire(place(town), "grace: deploy", 0)
    try:
        refused = await town.go("deploy", "dev", "--lock-timeout", "1")
        assert refused.code == 5
        assert "grace: deploy" in refused.document["error"]["message"]
        assert "since" in refused.document["error"]["message"]
    finally:
        await leases.release(place(town), lock)
        await leases.close()
    (await town.go("deploy")).succeeded()


async def test_a_holder_on_another_machine_is_waited_for_until_its_lease_expires(town: Town) -> None:
    await town.make_namespace("dev")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    spec = {"holderIdentity": "theirs", "leaseDurationSeconds": 15, "acquireTime": now, "renewTime": now}
    # Its process has a number that some process here may have: of another machine that says nothing.
    notes = {OWNER: "grace: deploy on far-away", PROCESS: f"another-boot/pid:[1]/{os.getpid()}/1"}
    body = {"metadata": {"name": name_of(place(town)), "annotations": notes}, "spec": spec}
    await town.cluster.create(LEASES, body, town.namespace())
    refused = await town.go("deploy", "dev", "--lock-timeout", "1")
    assert refused.code == 5
    assert "grace: deploy on far-away since" in refused.document["error"]["message"]
    (await town.go("deploy", "dev", "--lock-timeout", "60")).succeeded()
    lease = await town.cluster.get(LEASES, name_of(place(town)), town.namespace())
    assert (lease["spec"]["leaseTransitions"], lease["spec"].get("holderIdentity") or "") == (1, "")
    assert "far-away" not in lease["metadata"]["annotations"][OWNER]


async def test_deploys_at_the_same_time_follow_one_another(town: Town) -> None:
    await town.make_namespace("dev")
    both = await asyncio.gather(
        *(town.go("deploy", "dev", "--reason", reason, "--lock-timeout", "120") for reason in ("one", "two"))
    )
    assert sorted(one.succeeded().document["release"]["revision"] for one in both) == [1, 2]


async def test_the_lock_of_a_killed_command_expires(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    victim = town.start("deploy", "dev", "--set", "defaults.logLevel=INFO")
    await until_revision(town, 2)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    began = time.monotonic()
    (await town.go("deploy", "dev", "--set", "defaults.logLevel=ERROR", "--lock-timeout", "60")).succeeded()
    print(f"the next deploy was done {time.monotonic() - began:.1f} s after the kill")


async def test_a_release_that_nobody_finishes_is_named_and_settled(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    await pretend_pending(town)
    (await town.go("deploy", "dev", "--set", "defaults.logLevel=INFO")).succeeded()
    known = await storage.revisions(town.cluster, place(town))
    assert known[-1].status == "deployed"
    # Helm goes on from what was settled, and calls it superseded as it does every older one.
    assert "its writer was killed" in (await storage.stored(town.cluster, place(town), 1)).description


async def test_a_helm_that_is_killed_is_a_failed_deploy_that_goes_back(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    failed, number = await with_helm_killed(town)
    assert failed.code == 1, failed.progress
    assert failed.codes == {"WriteUnanswered"}
    assert failed.document["error"]["code"] == "WriteUnanswered"
    assert failed.document["rolled_back_to"] is not None
    history = (await town.go("history")).document["revisions"]
    assert [one["outcome"] for one in history][number - 1 :] == ["failed", "successful"]
    known = await storage.revisions(town.cluster, place(town))
    assert [one.status.value for one in known][number - 1 :] == ["failed", "deployed"]
    assert (await town.go("status")).document["phase"] == "Healthy"


async def test_a_helm_that_is_killed_may_be_left_and_the_way_back_is_told(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    failed, number = await with_helm_killed(town, "--no-rollback")
    assert (failed.code, failed.codes) == (1, {"WriteUnanswered"}), failed.progress
    assert failed.document["release"]["revision"] == number
    assert failed.document["rolled_back_to"] is None
    [told] = [line for line in failed.progress.splitlines() if "--no-rollback" in line]
    words = told[told.index("flaskship rollback") :].split()
    assert words[words.index("--context") + 1] == town.context
    assert words[words.index("--project") + 1] == str(town.folder)
    back = town.run_words([*COMMAND, *words[1:]])
    assert back.succeeded().document["release"]["revision"] == number + 1


async def with_helm_killed(town: Town, *more: str) -> tuple[Ended, int]:
    """Deploy, and kill the Helm of it as soon as the revision is seen to be under way."""
    for attempt in range(8):
        before = (await storage.revisions(town.cluster, place(town)))[-1].number
        level = ("DEBUG", "INFO", "WARNING", "ERROR")[attempt % 4]
        victim = town.start("deploy", "dev", "--set", f"defaults.logLevel={level}", *more)
        while victim.poll() is None:
            newest = (await storage.revisions(town.cluster, place(town)))[-1]
            if newest.number > before:
                break
        caught = newest.status.under_way
        if caught:
            children = Path(f"/proc/{victim.pid}/task/{victim.pid}/children").read_text().split()
            helms = [one for one in children if b"helm_child" in Path(f"/proc/{one}/cmdline").read_bytes()]
            for one in helms:
                os.kill(int(one), signal.SIGKILL)
        result = await asyncio.to_thread(ended, victim)
        if caught and result.code:
            return result, before + 1
        print(f"attempt {attempt + 1}: Helm was done before it could be killed")
    raise AssertionError("Helm was never caught while it wrote")


@pytest.mark.timeout(60 * KILLS + 120)
async def test_after_a_kill_at_any_moment_the_next_deploy_succeeds(town: Town) -> None:
    seed = int(os.environ.get("FLASKSHIP_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FLASKSHIP_TEST_SEED={seed}")
    chance = random.Random(seed)
    (await town.go("deploy")).succeeded()
    for kill in range(KILLS):
        level = ("DEBUG", "INFO", "WARNING", "ERROR")[kill % 4]
        change = ("--set", f"defaults.logLevel={level}")
        victim = town.start("deploy", "dev", *change, "--lock-timeout", "60")
        moment = chance.uniform(0.2, 9.0)
        await asyncio.sleep(moment)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        began = time.monotonic()
        again = await town.go("deploy", "dev", *change, "--lock-timeout", "60", "--no-rollback")
        if again.code:
            status = (await town.go("status")).document
            known = await storage.revisions(town.cluster, place(town))
            raise AssertionError(f"after kill {kill + 1}: {again}\n{status}\n{known}")
        took = time.monotonic() - began
        print(
            f"kill {kill + 1} of {KILLS} after {moment:.2f} s; the next deploy took {took:.1f} s", flush=True
        )
    assert (await town.go("status")).document["phase"] == "Healthy"


async def pretend_pending(town: Town) -> None:
    """Make the newest revision look as a Helm leaves it that was killed between two requests."""
    name = storage.name_of(place(town), 1)
    secret = await town.cluster.get(SECRETS, name, town.namespace())
    content = storage.content_of(secret)
    content["info"]["status"] = "pending-install"
    labels = {**secret["metadata"]["labels"], "status": "pending-install"}
    changed = {**secret, "metadata": {**secret["metadata"], "labels": labels}}
    changed["data"] = {"release": storage.encoded(content)}
    await town.cluster.replace(SECRETS, changed, town.namespace())


NEVER = ("--set", f"applications.{API}.probes.readiness.initialDelaySeconds=200")
"""Not asked for so long, and so not ready: a wrong path would end the deploy by itself."""


async def test_an_abort_ends_the_deploy_that_watches_and_puts_back_what_served(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    watching = asyncio.ensure_future(town.go("deploy", "dev", *NEVER))
    await until_revision(town, 2)
    aborted = (await town.go("abort", "dev", API, "--reason", "wrong branch")).succeeded()
    told = await watching
    assert (told.code, told.codes) == (1, {"Withdrawn"})
    assert "wrong branch" in told.document["verdict"]["causes"][0]["message"]
    assert aborted.document["rolled_back_to"] == 1
    history = (await town.go("history")).document["revisions"]
    assert [one["outcome"] for one in history] == ["successful", "failed", "successful"]
    one, three = await documents(town, 1), await documents(town, 3)
    assert of_application(three, API) == of_application(one, API)
    status = (await town.go("status")).document
    assert status["phase"] == "Healthy"


async def test_a_writer_whose_lock_was_taken_stops_at_once_and_names_who_has_it(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    watching = asyncio.ensure_future(town.go("deploy", "dev", *NEVER))
    await until_revision(town, 2)
    await asyncio.sleep(2)  # it watches by now
    lease = await town.cluster.get(LEASES, name_of(place(town)), town.namespace())
    lease["metadata"]["annotations"][OWNER] = "ada: deploy on elsewhere"
    lease["spec"]["holderIdentity"] = "somebody"
    while True:
        with contextlib.suppress(ConflictError):  # it renews meanwhile
            await town.cluster.replace(LEASES, lease, town.namespace())
            break
        fresh = await town.cluster.get(LEASES, name_of(place(town)), town.namespace())
        lease["metadata"]["resourceVersion"] = fresh["metadata"]["resourceVersion"]
    taken = time.monotonic()
    told = await watching
    print(f"it ended {time.monotonic() - taken:.1f} s after its lock was taken")
    assert (told.code, told.document["error"]["code"]) == (5, "Locked"), told
    assert "ada: deploy on elsewhere" in told.document["error"]["message"]
    # What runs is the other writer's to judge, and the lock is still theirs.
    history = (await town.go("history")).document["revisions"]
    assert [one["outcome"] for one in history] == ["successful", None]
    lease = await town.cluster.get(LEASES, name_of(place(town)), town.namespace())
    assert lease["spec"]["holderIdentity"] == "somebody"


async def waiting_tests(town: Town) -> list[str]:
    pods = (await town.cluster.list(PODS, town.namespace())).items
    marks = {str(one["metadata"]["name"]): one["metadata"].get("annotations") or {} for one in pods}
    return sorted(name for name, marked in marks.items() if marked.get(BEGIN) == WAIT)


async def test_tests_that_a_killed_deploy_left_waiting_are_removed_and_told(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    victim = town.start("deploy", "dev", *NEVER)
    while len(left := await waiting_tests(town)) < 2:
        assert victim.poll() is None, "it ended before its tests waited"
        await asyncio.sleep(0.2)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    again = (await town.go("deploy")).succeeded()
    assert sorted(again.document["removed"]) == left
    for name in left:
        assert f"removed test {name}, which waited for a command that is gone" in again.progress
    assert (await town.go("deploy")).succeeded().document["removed"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_deploy_goes_back_and_tells_what_that_came_to(
    town: Town, number: signal.Signals
) -> None:
    (await town.go("deploy")).succeeded()
    moving = town.start("deploy", "dev", *NEVER)
    await until_revision(town, 2)
    await asyncio.sleep(2)
    os.killpg(moving.pid, number)
    told = await asyncio.to_thread(ended, moving)
    assert (told.code, told.outcome, told.codes) == (130, "inconclusive", {"Interrupted"}), told
    assert (told.document["error"]["code"], told.document["rolled_back_to"]) == ("Interrupted", 1)
    undo = told.document["undo"]
    assert (undo["revision"], undo["verdict"]["outcome"]) == (3, "successful")
    assert [one["passed"] for one in undo["tests"]] == [True, True]
    history = (await town.go("history")).document["revisions"]
    assert [one["outcome"] for one in history] == ["successful", "inconclusive", "successful"]
    assert (await town.go("status")).document["phase"] == "Healthy"


async def test_one_application_goes_back_alone_and_the_others_stay(town: Town) -> None:
    (await town.go("deploy", "dev", "--set", "defaults.logLevel=ERROR")).succeeded()
    (await town.go("deploy", "dev", "--set", "defaults.logLevel=DEBUG")).succeeded()
    back = (await town.go("rollback", "dev", "1", "--app", API)).succeeded()
    assert (back.document["release"]["revision"], back.document["rolled_back_to"]) == (3, 1)
    one, two, three = [await documents(town, number) for number in (1, 2, 3)]
    assert of_application(three, API) == of_application(one, API) != of_application(two, API)
    assert of_application(three, WORKER) == of_application(two, WORKER) != of_application(one, WORKER)
    # Helm goes on from it, by a plain rollback as by the next deploy; its tests came with it.
    assert [one["passed"] for one in back.document["tests"]] == [True, True]
    again = (await town.go("rollback", "dev", "3")).succeeded()
    assert again.document["release"]["revision"] == 4
    (await town.go("deploy", "dev", "--set", "defaults.logLevel=INFO")).succeeded()


async def documents(town: Town, number: int) -> tuple[Document, ...]:
    return (await storage.stored(town.cluster, place(town), number)).documents


def of_application(found: tuple[Document, ...], name: str) -> list[Document]:
    return [one for one in found if application_of(one) == name]
