"""The delivery loop in this process, on both databases, with a webhook caller that the test decides."""

import threading
from datetime import timedelta

import pytest
from app_support import START, receiving, wait_until

from tomorrows.domain import Draft, Status
from tomorrows.outbound.webhook import Outcome, Result
from tomorrows.storage import jobs, reminders
from tomorrows.storage.jobs import Lease
from tomorrows.worker.deliver import body, headers
from tomorrows.worker.held import HeldLeases
from tomorrows.worker.loop import DeliveryLoop
from tomorrows.worker.record import PAUSE, Again, Finished, decide

LEASE = Lease("a" * 32, "t", "milk", "https://example.org/", START, 0)


class Caller:
    """Answers each call with the next result; the last one stays."""

    def __init__(self, *results, hold=None):
        self.results = list(results)
        self.calls = []
        self.hold = hold

    def deliver(self, url, sent, content):
        self.calls.append((url, sent["Idempotency-Key"]))
        if self.hold is not None:
            self.hold.wait(20)
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


@pytest.fixture
def loops():
    running = []

    def start(runtime, caller):
        loop = DeliveryLoop(runtime, caller)
        running.append(loop)
        loop.start()
        return loop

    yield start
    for loop in running:
        loop.stop(3)


def put(runtime, webhook="https://example.org/hook"):
    with runtime.database.writing() as connection:
        return reminders.insert_reminder(connection, runtime.new_id(), Draft("milk", START, webhook), START)


def status(runtime, reminder):
    with runtime.database.reading() as connection:
        return reminders.find(connection, reminder.id)


# --- what a result means ---


def judge(result, attempts=0, limit=3):
    lease = Lease("a" * 32, "t", "milk", None, START, attempts)
    return decide(lease, result, now=START, max_attempts=limit, fraction=0.0)


def test_a_delivery_is_the_end():
    assert judge(Result(Outcome.DELIVERED)) == Finished(Status.DELIVERED)


def test_a_refusal_fails_at_once():
    assert judge(Result(Outcome.REFUSED, "closed")) == Finished(Status.FAILED, "closed")


def test_an_address_that_this_worker_closes_is_left_to_another_revisions_worker_for_a_while():
    closed = Result(Outcome.CLOSED, "loopback")
    tried = [judge(closed, attempts=n, limit=10) for n in range(4)]
    assert all(isinstance(one, Again) and one.counted for one in tried)
    assert sum((one.run_at - START).total_seconds() for one in tried) == 15
    assert judge(closed, attempts=4, limit=10) == Finished(Status.FAILED, "loopback")
    assert judge(closed, attempts=0, limit=1) == Finished(Status.FAILED, "loopback")


def test_a_failure_is_tried_again_later_each_time():
    first, second = judge(Result(Outcome.RETRY, "503")), judge(Result(Outcome.RETRY, "503"), attempts=1)
    assert first == Again(START + timedelta(seconds=1), "503", counted=True)
    assert second.run_at > first.run_at


def test_the_last_attempt_fails():
    assert judge(Result(Outcome.RETRY, "503"), attempts=2) == Finished(
        Status.FAILED, "503; gave up after 3 attempts"
    )


def test_an_open_circuit_uses_up_no_attempt():
    found = judge(Result(Outcome.PAUSED, "left alone"), attempts=99)
    assert not found.counted
    assert found.run_at >= START + PAUSE


def test_a_delivery_carries_its_key_and_is_json():
    assert headers(LEASE)["Idempotency-Key"] == "reminder-" + "a" * 32
    assert b'"message": "milk"' in body(LEASE, START)


# --- held leases ---


def test_a_held_lease_ends_by_the_own_clock():
    held = HeldLeases()
    held.take(LEASE, 10.0)
    assert held.valid(LEASE, 9.9)
    assert not held.valid(LEASE, 10.0)
    held.prolong(LEASE, 20.0)
    assert held.valid(LEASE, 15.0)


def test_an_old_token_is_not_held():
    held = HeldLeases()
    newer = Lease("a" * 32, "u", "milk", None, START, 0)
    held.take(newer, 10.0)
    assert not held.valid(LEASE, 1.0)
    held.drop(LEASE)
    held.prolong(LEASE, 99.0)
    assert held.all() == [newer]
    held.drop(newer)
    held.prolong(newer, 99.0)
    assert held.all() == []


# --- the loop ---


def test_what_is_due_is_delivered_and_recorded(make_runtime, database_url, loops):
    runtime = make_runtime(database_url, APP_ROLE="worker")
    caller = Caller(Result(Outcome.DELIVERED))
    made, logged = put(runtime), put(runtime, webhook=None)
    loop = loops(runtime, caller)
    wait_until(lambda: status(runtime, made).status is Status.DELIVERED, what="webhook")
    wait_until(lambda: status(runtime, logged).status is Status.DELIVERED, what="log")
    assert caller.calls == [("https://example.org/hook", f"reminder-{made.id}")]
    assert (status(runtime, made).attempts, status(runtime, made).delivered_at) == (1, START)
    assert loop.problem() is None
    assert loop.started()


def test_a_failing_webhook_backs_off_then_fails(make_runtime, database_url, loops, clock):
    runtime = make_runtime(database_url, APP_ROLE="worker", WORKER_MAX_ATTEMPTS=3)
    caller = Caller(Result(Outcome.RETRY, "the webhook answered 503"))
    made = put(runtime)
    loops(runtime, caller)
    for attempt in (1, 2):
        wait_until(
            lambda attempt=attempt: status(runtime, made).attempts == attempt, what=f"attempt {attempt}"
        )
        assert status(runtime, made).status is Status.SCHEDULED
        clock.advance(seconds=600)
    wait_until(lambda: status(runtime, made).status is Status.FAILED, what="failing")
    assert status(runtime, made).last_error == "the webhook answered 503; gave up after 3 attempts"
    assert len({key for _, key in caller.calls}) == 1


def test_no_more_is_claimed_than_can_be_delivered(make_runtime, sqlite_url, loops):
    hold = threading.Event()
    runtime = make_runtime(sqlite_url, APP_ROLE="worker", WORKER_CONCURRENCY=2)
    caller = Caller(Result(Outcome.DELIVERED), hold=hold)
    for _ in range(5):
        put(runtime)
    loops(runtime, caller)
    wait_until(lambda: len(caller.calls) == 2, what="two calls")
    with runtime.database.reading() as connection:
        assert jobs.backlog(connection, START).leased == 2
    hold.set()
    wait_until(lambda: len(caller.calls) == 5, what="all calls")


def test_stopping_waits_for_deliveries_and_claims_nothing_more(make_runtime, database_url, loops):
    hold = threading.Event()
    runtime = make_runtime(database_url, APP_ROLE="worker", WORKER_CONCURRENCY=1)
    caller = Caller(Result(Outcome.DELIVERED), hold=hold)
    first, second = put(runtime), put(runtime)
    loop = loops(runtime, caller)
    wait_until(lambda: caller.calls, what="the call")
    threading.Timer(0.2, hold.set).start()
    loop.stop(10)
    found = {status(runtime, each).status for each in (first, second)}
    assert found == {Status.DELIVERED, Status.SCHEDULED}
    assert len(caller.calls) == 1
    loop.stop(10)  # twice is harmless


def test_stopping_gives_back_what_does_not_end(make_runtime, database_url, loops):
    hold = threading.Event()
    runtime = make_runtime(database_url, APP_ROLE="worker")
    caller = Caller(Result(Outcome.DELIVERED), hold=hold)
    made = put(runtime)
    loop = loops(runtime, caller)
    wait_until(lambda: caller.calls, what="the call")
    loop.stop(1.2)
    try:
        assert status(runtime, made).status is Status.SCHEDULED
        with runtime.database.reading() as connection:
            assert jobs.backlog(connection, START).leased == 0
    finally:
        hold.set()


def test_a_long_delivery_keeps_its_lease_by_heartbeat(make_runtime, database_url, loops):
    hold = threading.Event()
    runtime = make_runtime(database_url, APP_ROLE="worker", WORKER_LEASE_SECONDS=1)
    caller = Caller(Result(Outcome.DELIVERED), hold=hold)
    made = put(runtime)
    loops(runtime, caller)
    wait_until(lambda: caller.calls, what="the call")
    runtime.now.advance(seconds=0.9)  # the lease as first taken would end at 1.0
    ends = START + timedelta(seconds=1)

    def renewed():
        with runtime.database.reading() as connection:
            return jobs.backlog(connection, ends).leased == 1

    wait_until(renewed, 5, "renewal")
    hold.set()
    wait_until(lambda: status(runtime, made).status is Status.DELIVERED, what="delivery")
    assert len(caller.calls) == 1


def test_a_delivery_that_breaks_is_seen_and_repeated(make_runtime, sqlite_url, loops, clock, capsys):
    class Broken(Caller):
        def deliver(self, url, sent, content):
            super().deliver(url, sent, content)
            if len(self.calls) == 1:
                raise RuntimeError("a defect")
            return Result(Outcome.DELIVERED)

    runtime = make_runtime(sqlite_url, APP_ROLE="worker")
    made = put(runtime)
    caller = Broken(Result(Outcome.DELIVERED))
    loop = loops(runtime, caller)
    wait_until(lambda: len(caller.calls) == 1, what="the first call")
    clock.advance(seconds=60)  # its lease runs out
    wait_until(lambda: status(runtime, made).status is Status.DELIVERED, what="the repeat")
    assert loop.problem() is None


def test_a_defect_in_one_round_does_not_end_delivery(make_runtime, sqlite_url, loops, monkeypatch, capsys):
    real, calls = jobs.claim, []

    def claim(*args, **options):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a defect")
        return real(*args, **options)

    monkeypatch.setattr(jobs, "claim", claim)
    runtime = make_runtime(sqlite_url, APP_ROLE="worker")
    made = put(runtime)
    loop = loops(runtime, Caller(Result(Outcome.DELIVERED)))
    wait_until(lambda: status(runtime, made).status is Status.DELIVERED, what="delivery")
    assert loop.problem() is None


def test_the_loop_survives_a_database_that_comes_later(make_runtime, tmp_path, migrated_file, loops):
    place = tmp_path / "url"
    place.write_text("sqlite:////nonexistent/r.db")
    runtime = make_runtime("", APP_ROLE="worker", DATABASE_URL_FILE=place)
    loop = loops(runtime, Caller(Result(Outcome.DELIVERED)))
    wait_until(loop.started, what="the first look")
    assert loop.problem() is None
    place.write_text(f"sqlite:///{migrated_file}.copy")
    (migrated_file.parent / f"{migrated_file.name}.copy").write_bytes(migrated_file.read_bytes())
    made = wait_until(lambda: _try(lambda: put(runtime)), 15, "the database")
    wait_until(lambda: status(runtime, made).status is Status.DELIVERED, 15, "delivery")


def test_a_real_webhook_gets_the_delivery(make_runtime, sqlite_url, loops):
    with receiving() as receiver:
        runtime = make_runtime(sqlite_url, APP_ROLE="worker", WEBHOOK_ALLOW="127.0.0.0/8")
        made = put(runtime, webhook=f"{receiver.url}/x")
        loops(runtime, None)
        wait_until(lambda: status(runtime, made).status is Status.DELIVERED, what="delivery")
        assert receiver.received[0].headers["Idempotency-Key"] == f"reminder-{made.id}"


def test_what_is_claimed_while_the_loop_stops_is_given_back(make_runtime, sqlite_url, loops, monkeypatch):
    real, claiming, released = jobs.claim, threading.Event(), threading.Event()

    def claim(*args, **options):
        claiming.set()
        assert released.wait(20)
        return real(*args, **options)

    monkeypatch.setattr(jobs, "claim", claim)
    runtime = make_runtime(sqlite_url, APP_ROLE="worker")
    made = put(runtime)
    caller = Caller(Result(Outcome.DELIVERED))
    loop = loops(runtime, caller)
    assert claiming.wait(20)
    stopping = threading.Thread(target=loop.stop, args=(20,))
    stopping.start()
    wait_until(loop._stop.is_set, what="the stop")
    released.set()
    stopping.join(60)
    assert caller.calls == []
    assert status(runtime, made).status is Status.SCHEDULED


def test_a_webhook_to_the_inside_fails_with_its_reason(make_runtime, sqlite_url, loops):
    with receiving() as receiver:
        runtime = make_runtime(sqlite_url, APP_ROLE="worker", WORKER_MAX_ATTEMPTS=1)
        made = put(runtime, webhook=f"http://localhost:{receiver.port}/x")
        loops(runtime, None)
        wait_until(lambda: status(runtime, made).status is Status.FAILED, what="refusal")
        assert "loopback; webhooks may not go there" in status(runtime, made).last_error
        assert receiver.received == []


def _try(action):
    try:
        return action()
    except Exception:
        return None
