"""Reminders and leases on both databases."""

import threading
from datetime import timedelta

import pytest
from app_support import START
from sqlalchemy import select, text

from tomorrows.domain import Draft, Status
from tomorrows.storage import jobs, reminders
from tomorrows.storage.reminders import KeyUse, make_cursor, read_cursor
from tomorrows.storage.tables import jobs as jobs_table

LIFE = timedelta(seconds=15)


def put(database, name, *, due=START, message="m", webhook=None):
    reminder_id = f"{name:0>32}"
    with database.writing() as connection:
        return reminders.insert_reminder(connection, reminder_id, Draft(message, due, webhook), START)


def get(database, reminder):
    with database.reading() as connection:
        return reminders.find(connection, reminder.id)


def take(database, *, now=START, limit=10, token="t", owner="w"):
    with database.writing() as connection:
        return jobs.claim(connection, owner=owner, token=token, now=now, life=LIFE, limit=limit)


def end(database, lease, status=Status.DELIVERED, error=None, now=START):
    with database.writing() as connection:
        return jobs.finish(connection, lease=lease, status=status, now=now, error=error)


def test_what_is_stored_is_what_is_read(database):
    made = put(database, "a", message="שלום 🌍\n'; DROP TABLE reminders;--", webhook="https://example.org")
    assert get(database, made) == made


def test_pages_follow_each_other_without_gap_or_repeat(database):
    made = [put(database, f"{n:x}", due=START + timedelta(seconds=n // 3)) for n in range(10)]
    seen, cursor = [], None
    with database.reading() as connection:
        while True:
            page = reminders.page(connection, status=None, limit=3, cursor=cursor)
            seen += [item.id for item in page.items]
            cursor = page.cursor
            if cursor is None:
                break
    assert seen == [item.id for item in sorted(made, key=lambda item: (item.due_at, item.id))]


def test_a_page_survives_the_deletion_of_its_edge(database):
    made = [put(database, f"{n:x}", due=START + timedelta(seconds=n)) for n in range(4)]
    cursor = make_cursor(made[1])
    with database.writing() as connection:
        connection.execute(text("DELETE FROM reminders WHERE id = :id"), {"id": made[1].id})
    with database.reading() as connection:
        page = reminders.page(connection, status=None, limit=9, cursor=cursor)
    assert [item.id for item in page.items] == [made[2].id, made[3].id]


@pytest.mark.parametrize(
    "cursor", ["", "x", "%%%", "e30", "W10", "WzEsMl0", "é", "A" * 500, "WyJhIiwiYiJd", "bnVsbA"]
)
def test_a_foreign_cursor_is_none(cursor):
    assert read_cursor(cursor) is None


def test_pages_are_filtered_and_searched_literally(database):
    put(database, "1", message="Buy MILK")
    put(database, "2", message="100% wool_sock")
    put(database, "3", message="call ann")
    with database.reading() as connection:

        def search(words):
            return {
                r.id[-1]
                for r in reminders.page(connection, status=None, limit=9, cursor=None, search=words).items
            }

        assert search("milk") == {"1"}
        assert search("%") == {"2"}
        assert search("l_s") == {"2"}
        assert search("a_n") == set()
        assert search("l") == {"1", "2", "3"}
        assert search("\\") == set()
        page = reminders.page(connection, status=Status.DELIVERED, limit=9, cursor=None)
        assert page.items == ()


def test_counts_name_every_status(database):
    put(database, "1")
    with database.reading() as connection:
        found = reminders.counts(connection)
    assert found == {**dict.fromkeys(Status, 0), Status.SCHEDULED: 1}


def test_a_key_is_taken_once_and_forgotten_after_a_week(database):
    made = put(database, "1")
    use = KeyUse("f" * 64, made.id)
    with database.writing() as connection:
        assert reminders.claim_key(connection, "k", use, START)
    with database.writing() as connection:
        assert reminders.key_use(connection, "k") == use
        assert not reminders.claim_key(connection, "k", use, START)
        connection.rollback()
    with database.writing() as connection:
        assert reminders.claim_key(connection, "other", use, START + timedelta(days=8))
    with database.reading() as connection:
        assert reminders.key_use(connection, "k") is None


def test_only_what_is_due_is_claimed_the_oldest_first(database):
    late = put(database, "1", due=START - timedelta(hours=1))
    put(database, "2", due=START + timedelta(seconds=1))
    just = put(database, "3")
    assert [lease.reminder_id for lease in take(database, limit=1)] == [late.id]
    assert [lease.reminder_id for lease in take(database)] == [just.id]
    assert take(database) == []
    assert get(database, late).status is Status.DELIVERING


def test_a_lease_holds_until_its_end_and_not_longer(database):
    put(database, "1")
    take(database, token="first")
    assert take(database, now=START + LIFE - timedelta(seconds=1), token="second") == []
    (second,) = take(database, now=START + LIFE, token="second")
    assert second.token == "second"


def test_a_heartbeat_prolongs(database):
    put(database, "1")
    (lease,) = take(database)
    with database.writing() as connection:
        assert jobs.renew(connection, lease=lease, now=START + LIFE / 2, life=LIFE)
    assert take(database, now=START + LIFE) == []
    assert len(take(database, now=START + LIFE * 1.5)) == 1


def test_a_late_owner_changes_nothing(database):
    made = put(database, "1")
    (first,) = take(database, token="first")
    (second,) = take(database, token="second", now=START + LIFE)
    assert not end(database, first)
    with database.writing() as connection:
        assert not jobs.renew(connection, lease=first, now=START, life=LIFE)
        assert not jobs.postpone(connection, lease=first, run_at=START, now=START, error="x", counted=True)
    assert get(database, made).status is Status.DELIVERING
    assert get(database, made).attempts == 0
    assert end(database, second)
    assert get(database, made).status is Status.DELIVERED


def test_a_finished_reminder_leaves_no_job(database):
    made = put(database, "1")
    (lease,) = take(database)
    assert end(database, lease, Status.FAILED, "gone")
    found = get(database, made)
    assert (found.status, found.attempts, found.last_error, found.delivered_at) == (
        Status.FAILED,
        1,
        "gone",
        None,
    )
    with database.reading() as connection:
        assert connection.execute(select(jobs_table)).all() == []


def test_a_postponed_reminder_comes_back_with_the_same_key(database):
    made = put(database, "1")
    (lease,) = take(database)
    later = START + timedelta(seconds=5)
    with database.writing() as connection:
        assert jobs.postpone(connection, lease=lease, run_at=later, now=START, error="503", counted=True)
    found = get(database, made)
    assert (found.status, found.attempts, found.last_error) == (Status.SCHEDULED, 1, "503")
    assert take(database) == []
    (again,) = take(database, now=later, token="u")
    assert again.delivery_key == lease.delivery_key
    assert again.attempts == 1


def test_an_uncounted_postponement_counts_no_attempt(database):
    made = put(database, "1")
    (lease,) = take(database)
    with database.writing() as connection:
        jobs.postpone(connection, lease=lease, run_at=START, now=START, error=None, counted=False)
    assert (get(database, made).attempts, get(database, made).last_error) == (0, None)


def test_cancelling_works_only_before_delivery_begins(database):
    made, other = put(database, "1"), put(database, "2", due=START + timedelta(days=1))
    take(database)
    with database.writing() as connection:
        assert not reminders.cancel(connection, made.id, START)
        assert reminders.cancel(connection, other.id, START)
        assert not reminders.cancel(connection, other.id, START)
        assert not reminders.cancel(connection, "f" * 32, START)
    assert get(database, made).status is Status.DELIVERING
    assert get(database, other).status is Status.CANCELLED
    assert take(database, now=START + timedelta(days=2), token="u")[0].reminder_id == made.id


def test_the_backlog_is_measured(database):
    with database.reading() as connection:
        assert jobs.backlog(connection, START) == jobs.Backlog(0, 0, 0, None)
    put(database, "1", due=START - timedelta(minutes=1))
    put(database, "2")
    put(database, "3", due=START + timedelta(days=1))
    take(database, limit=1)
    with database.reading() as connection:
        assert jobs.backlog(connection, START) == jobs.Backlog(3, 2, 1, START - timedelta(minutes=1))


def test_many_workers_at_once_never_hold_the_same_lease(database):
    for number in range(40):
        put(database, f"{number:x}")
    taken, failures = [], []

    def work(name):
        try:
            while leases := take(database, limit=3, token=f"{name:0>32}"):
                taken.extend(lease.reminder_id for lease in leases)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert len(taken) == len(set(taken)) == 40


def test_cancelling_against_claiming_never_deadlocks_nor_does_both(database):
    made = [put(database, f"{number:x}") for number in range(30)]
    cancelled, failures = [], []

    def cancel():
        try:
            for each in reversed(made):
                with database.writing() as connection:
                    if reminders.cancel(connection, each.id, START):
                        cancelled.append(each.id)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=cancel)
    thread.start()
    claimed = []
    for _ in range(30):
        claimed += [lease.reminder_id for lease in take(database, limit=1)]
    thread.join(30)
    assert failures == []
    assert sorted(cancelled + claimed) == sorted(each.id for each in made)
