"""Real processes: a worker killed with -9, again and again, loses no reminder."""

import json
import random
import time
from datetime import UTC, datetime, timedelta

from app_support import receiving, wait_until

THIRTY = 30


def soon(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def statuses(api):
    return {item["id"]: item["status"] for item in api.get("/reminders?limit=100").json["items"]}


def test_thirty_reminders_survive_three_kills_of_their_worker(serve, database_url):
    # The receiver is slow enough that each kill finds deliveries under way.
    with receiving(lambda handler, _: (time.sleep(0.15), handler.answer(204))) as receiver:
        common = {"DATABASE_URL": database_url, "WEBHOOK_ALLOW": "127.0.0.0/8", "WORKER_LEASE_SECONDS": 1}
        api = serve("api", DATABASE_URL=database_url)
        worker = serve("worker", **common)
        made = []
        for number in range(THIRTY):
            # Half of them while the worker lives, half while it dies.
            wish = {"message": f"number {number}", "due_at": soon(0.1 + number / 10), "webhook": receiver.url}
            made.append(api.call("POST", "/reminders", wish).json["id"])
        for kill in range(3):
            reached = len(receiver.received) + 2
            wait_until(
                lambda reached=reached: len(receiver.received) >= reached, 20, f"work before kill {kill}"
            )
            time.sleep(random.uniform(0, 0.2))
            worker.kill()
            worker.start()
        wait_until(
            lambda: set(statuses(api).values()) == {"delivered"}, 40, f"all delivered: {statuses(api)}"
        )
        assert set(statuses(api)) == set(made)
        keys = [call.headers["Idempotency-Key"] for call in receiver.received]
        assert {key.removeprefix("reminder-") for key in keys} == set(made)
        bodies = {json.loads(call.body)["id"]: call.headers["Idempotency-Key"] for call in receiver.received}
        assert all(key == f"reminder-{reminder}" for reminder, key in bodies.items())


def test_a_reminder_due_in_two_seconds_reaches_the_log_as_one_line(serve, sqlite_url):
    api = serve("api", DATABASE_URL=sqlite_url)
    worker = serve("worker", DATABASE_URL=sqlite_url)
    made = api.call("POST", "/reminders", {"message": "tell me – now", "due_at": soon(2)}).json
    wait_until(lambda: api.get(f"/reminders/{made['id']}").json["status"] == "delivered", 10, "delivered")
    (line,) = worker.events("reminder.delivered")
    assert (line["reminder_id"], line["message"], line["channel"]) == (made["id"], "tell me – now", "log")


def test_two_workers_deliver_each_reminder_once_when_nobody_dies(serve, postgres):
    database_url = postgres.url(postgres.database("migrated"))
    with receiving() as receiver:
        common = {"DATABASE_URL": database_url, "WEBHOOK_ALLOW": "127.0.0.0/8"}
        api = serve("api", DATABASE_URL=database_url)
        serve("worker", **common)
        serve("worker", **common)
        for number in range(20):
            wish = {"message": str(number), "due_at": soon(-1), "webhook": receiver.url}
            assert api.call("POST", "/reminders", wish).status == 201
        wait_until(lambda: set(statuses(api).values()) == {"delivered"}, 20, "all delivered")
        keys = [call.headers["Idempotency-Key"] for call in receiver.received]
        assert sorted(keys) == sorted(set(keys))
        assert len(keys) == 20


def test_a_killed_api_keeps_what_it_acknowledged(serve, sqlite_url):
    api = serve("api", DATABASE_URL=sqlite_url)
    acknowledged = set()
    for number in range(10):
        answer = api.call(
            "POST", "/reminders", {"message": str(number), "due_at": soon(60)}, Idempotency_Key=str(number)
        )
        acknowledged.add(answer.json["id"])
    api.kill()
    api.start()
    assert set(statuses(api)) == acknowledged
    again = api.call("POST", "/reminders", {"message": "0", "due_at": soon(60)}, Idempotency_Key="0")
    assert again.status == 422  # the due time differs, so it is another wish under a used key
