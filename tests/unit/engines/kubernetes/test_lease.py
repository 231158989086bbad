"""The lock: one writer, named, renewed, and free once its holder is gone; on a clock that the test moves."""

import asyncio

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import LEASES, PLACE, Api

from flaskship.engines.base import Lock, Withdrawal
from flaskship.engines.kubernetes import holder
from flaskship.engines.kubernetes.lease import DURATION, LOOK, OWNER, PROCESS, RENEWAL, WANTED, Leases
from flaskship.model.errors import LockedError

NAME = f"{LEASES}/flaskship-dev-apps"


class Time:
    """Passes when somebody waits, and lets everybody else go on meanwhile."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(5):
            await asyncio.sleep(0)


async def never(seconds: float) -> None:
    await asyncio.Event().wait()


def leases(api: Api, time: Time | None = None) -> Leases:
    clock = time or Time()
    return Leases(api.cluster(), clock, clock.sleep if time else never)


def from_elsewhere(api: Api) -> None:
    """As if another machine had taken it: nobody here can tell whether its process lives."""
    api.objects[NAME]["metadata"]["annotations"][PROCESS] = ""


async def test_a_lock_is_taken_checked_and_given_back() -> None:
    api = Api()
    mine = leases(api)
    lock = await mine.acquire(PLACE, "grace: deploy", 0)
    await mine.check(PLACE, lock)
    assert api.objects[NAME]["spec"]["holderIdentity"] == lock.token
    await mine.release(PLACE, lock)
    await mine.release(PLACE, lock)
    assert api.objects[NAME]["spec"]["holderIdentity"] == ""
    with pytest.raises(LockedError):
        await mine.check(PLACE, lock)


async def test_a_second_writer_is_told_who_since_when_and_what_to_do() -> None:
    api = Api()
    first, second = leases(api), leases(api)
    lock = await first.acquire(PLACE, "grace: deploy", 0)
    with pytest.raises(
        LockedError, match=r"dev is being written to by grace: deploy on .* since .* UTC"
    ) as held:
        await second.acquire(PLACE, "ada", 0)
    assert held.value.exit_code == 5
    assert "--lock-timeout" in str(held.value.hint)
    await first.release(PLACE, lock)
    await second.release(PLACE, await second.acquire(PLACE, "ada", 0))


async def test_a_lock_whose_holder_is_silent_is_taken_after_its_time() -> None:
    api, time = Api(), Time()
    await leases(api).acquire(PLACE, "grace", 0)
    from_elsewhere(api)
    began = time.now
    other = Leases(api.cluster(), time, time.sleep)
    lock = await other.acquire(PLACE, "ada", DURATION + 5)
    assert DURATION < time.now - began <= DURATION + 2
    assert api.objects[NAME]["spec"]["leaseTransitions"] == 1
    assert lock.token
    await other.close()


async def test_a_lock_that_is_renewed_is_not_taken() -> None:
    api, time = Api(), Time()
    await leases(api).acquire(PLACE, "grace", 0)
    from_elsewhere(api)

    async def renewing(seconds: float) -> None:
        await time.sleep(seconds)
        api.objects[NAME]["spec"]["renewTime"] = f"2999-01-01T00:00:{int(time.now) % 60:02d}.000000Z"

    with pytest.raises(LockedError, match="grace"):
        await Leases(api.cluster(), time, renewing).acquire(PLACE, "ada", 4 * DURATION)


async def test_a_lock_whose_process_died_on_this_machine_is_free_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = Api()
    await leases(api).acquire(PLACE, "grace", 0)
    monkeypatch.setattr(holder, "alive", lambda identity: False)
    lock = await leases(api).acquire(PLACE, "ada", 0)
    assert api.objects[NAME]["spec"]["holderIdentity"] == lock.token


async def test_the_holder_renews_until_it_lets_go() -> None:
    api, ticks = Api(), asyncio.Semaphore(0)

    async def ticking(seconds: float) -> None:
        await ticks.acquire()

    mine = Leases(api.cluster(), Time(), ticking)
    lock = await mine.acquire(PLACE, "grace", 0)
    before = api.objects[NAME]["metadata"]["resourceVersion"]
    ticks.release()
    while api.objects[NAME]["metadata"]["resourceVersion"] == before:
        await asyncio.sleep(0)
    assert api.objects[NAME]["spec"]["holderIdentity"] == lock.token
    await mine.release(PLACE, lock)


async def test_whoever_lost_the_lock_may_not_write() -> None:
    api = Api()
    mine = leases(api)
    lock = await mine.acquire(PLACE, "grace", 0)
    api.objects[NAME]["spec"]["holderIdentity"] = "somebody"
    for wrong, why in (
        (lock, "its lock was lost and is now that of grace on .* since"),
        (Lock("staging", lock.token), "not locked by this writer"),
        (Lock("dev", "nobody"), "not locked by this writer"),
    ):
        with pytest.raises(LockedError, match=why):
            await mine.check(PLACE, wrong)
    await mine.release(PLACE, lock)
    assert api.objects[NAME]["spec"]["holderIdentity"] == "somebody"


async def test_whoever_lost_the_lock_hears_at_once_who_has_it_now() -> None:
    api, time = Api(), Time()
    mine = leases(api, time)
    lock = await mine.acquire(PLACE, "grace: deploy", 0)
    hearing = asyncio.ensure_future(mine.lost(PLACE, lock))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not hearing.done()
    began = time.now
    api.objects[NAME]["spec"]["holderIdentity"] = "somebody"
    api.objects[NAME]["metadata"]["annotations"][OWNER] = "ada: deploy on elsewhere"
    heard = await asyncio.wait_for(hearing, 5)
    assert (heard.exit_code, heard.code) == (5, "Locked")
    assert "now that of ada: deploy on elsewhere since" in heard.message
    # The renewal waits on the same clock.
    assert time.now - began <= LOOK + RENEWAL
    await mine.release(PLACE, lock)
    assert api.objects[NAME]["spec"]["holderIdentity"] == "somebody"


async def test_a_lease_that_was_deleted_is_lost_and_a_silent_server_says_nothing() -> None:
    api, time = Api(), Time()
    mine = leases(api, time)
    lock = await mine.acquire(PLACE, "grace: deploy", 0)
    answer, api.answer = api.answer, lambda request: httpx2.Response(503, json={"message": "away"})  # type: ignore[method-assign]
    hearing = asyncio.ensure_future(mine.lost(PLACE, lock))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not hearing.done()
    api.answer = answer  # type: ignore[method-assign]
    del api.objects[NAME]
    assert "nobody: its Lease was deleted" in (await asyncio.wait_for(hearing, 5)).message
    await mine.close()


async def test_a_lock_that_was_given_back_is_asked_nothing() -> None:
    mine = leases(Api())
    lock = await mine.acquire(PLACE, "grace: deploy", 0)
    await mine.release(PLACE, lock)
    for ask in (mine.lost, mine.withdrawn):
        with pytest.raises(LockedError):
            await ask(PLACE, lock)


def test_a_process_is_gone_only_where_this_machine_can_tell() -> None:
    boot, here, pid, start = holder.me().split("/")
    assert not holder.is_gone(holder.me())
    assert holder.is_gone(f"{boot}/{here}/{pid}/{int(start) + 1}")
    for unknown in ("", "x", f"other-boot/{here}/{pid}/1", f"{boot}/pid:[1]/{pid}/1", f"{boot}/{here}/a/b"):
        assert not holder.is_gone(unknown)


ASKED = Withdrawal("ada", "wrong branch", "my-tomorrows-api")


async def test_the_holder_hears_who_wants_its_rollout_given_up_and_why() -> None:
    api = Api()
    first, second = leases(api, Time()), leases(api)
    lock = await first.acquire(PLACE, "grace: deploy", 0)
    hearing = asyncio.ensure_future(first.withdrawn(PLACE, lock))
    await asyncio.sleep(0)
    assert await second.withdraw(PLACE, ASKED)
    assert await asyncio.wait_for(hearing, 5) == ASKED
    await first.release(PLACE, lock)


async def test_whoever_asks_writes_again_where_the_holder_renewed_meanwhile_and_needs_no_other_right() -> (
    None
):
    api = Api()
    first = leases(api)
    lock = await first.acquire(PLACE, "grace: deploy", 0)
    plain, writes = api.answer, []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" or request.url.path != NAME:
            return plain(request)
        writes.append(request.method)
        if len(writes) == 1:
            api.put(NAME, api.objects[NAME])
        return plain(request)

    api.answer = answer  # type: ignore[method-assign]
    assert await leases(api, Time()).withdraw(PLACE, ASKED)
    assert writes == ["PUT", "PUT"], "a patch would be another permission than the lock takes"
    assert await asyncio.wait_for(first.withdrawn(PLACE, lock), 5) == ASKED
    await first.release(PLACE, lock)


async def test_nobody_is_asked_where_nobody_holds_it_and_the_next_holder_hears_nothing_of_it() -> None:
    api = Api()
    first, second = leases(api), leases(api)
    assert not await second.withdraw(PLACE, ASKED)
    await first.release(PLACE, await first.acquire(PLACE, "grace: deploy", 0))
    assert not await second.withdraw(PLACE, ASKED)
    lock = await first.acquire(PLACE, "grace: deploy", 0)
    await second.withdraw(PLACE, ASKED)
    asked = api.objects[NAME]["metadata"]["annotations"][WANTED]
    await first.release(PLACE, lock)
    again = await first.acquire(PLACE, "grace: deploy", 0)
    api.objects[NAME]["metadata"]["annotations"][WANTED] = asked  # as if it had stayed
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.withdrawn(PLACE, again), 0.2)
    await first.release(PLACE, again)


@pytest.mark.parametrize("written", ["", "no json", "[]", '{"token": 1}', "null"])
async def test_an_annotation_that_is_no_request_is_none(written: str) -> None:
    api = Api()
    mine = leases(api)
    lock = await mine.acquire(PLACE, "grace: deploy", 0)
    api.objects[NAME]["metadata"]["annotations"][WANTED] = written
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(mine.withdrawn(PLACE, lock), 0.1)
    await mine.release(PLACE, lock)
