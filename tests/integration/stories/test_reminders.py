"""What the applications are for: a reminder arrives, whatever happens to the Worker."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.stories.clients import Receiver, due, get, post
from tests.integration.stories.project import API, WORKER, Project, staying, until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def status_of(project: Project, made: dict[str, str]) -> str:
    answer: str = json.loads(get(project.url(f"/reminders/{made['id']}"))[1])["status"]
    return answer


def test_a_reminder_due_in_two_seconds_is_delivered_by_the_worker(dev: Project) -> None:
    made = post(dev.url("/reminders"), {"message": "tell me tomorrow", "due_at": due(seconds=2)})
    assert made["status"] == "scheduled"

    until(lambda: status_of(dev, made) == "delivered")

    told = dev.run("logs", "dev", WORKER).ok().out
    assert made["id"] in told


def test_thirty_reminders_all_arrive_although_the_worker_is_killed_three_times(
    dev: Project, receiver: Receiver, tmp_path: Path
) -> None:
    values = tmp_path / "values.yaml"
    entry = "{webhooks: {allow: [127.0.0.1]}, env: {WORKER_LEASE_SECONDS: '2'}}"
    values.write_text(f"applications:\n  {API}: {entry}\n  {WORKER}: {entry}\n")
    dev.run("deploy", "dev", "-f", str(values)).ok()
    before = dev.history()[-1]["revision"]

    made, killed = [], set[int]()
    for n in range(30):
        reminder = {"message": f"number {n}", "due_at": due(seconds=0.2), "webhook": receiver.url}
        made.append(post(dev.url("/reminders"), reminder))
        if n % 10 == 4:
            until(lambda: set(dev.pids()[WORKER]) - killed)
            (pid,) = set(dev.pids()[WORKER]) - killed
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)

    until(lambda: all(status_of(dev, one) == "delivered" for one in made))
    assert sorted(receiver.messages.values()) == sorted(f"number {n}" for n in range(30))
    assert len(receiver.keys) == len(made)
    assert dev.history()[-1]["revision"] == before
    until(lambda: restarts_of_worker(dev) == [3])


def restarts_of_worker(project: Project) -> list[int]:
    worker = next(one for one in project.status()["applications"] if one["name"] == WORKER)
    return [replica["restarts"] for replica in staying(worker)]
