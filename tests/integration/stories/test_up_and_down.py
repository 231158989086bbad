"""The first commands of the guide: dev, then staging and prod beside it, then nothing."""

import json

from tests.integration.stories.clients import due, get, post
from tests.integration.stories.project import API, WORKER, Project, pids_of, until

THREE = {API, WORKER, "my-tomorrows-admin"}
FOUR = THREE | {"my-tomorrows-monitoring"}


def test_up_brings_dev_to_healthy_and_a_second_up_changes_nothing(project: Project) -> None:
    project.run("up", "dev", "--detach").ok()

    assert get(project.url()) == (200, '{"status":"healthy"}')
    first = project.status()
    assert first["phase"] == "Healthy"
    assert [(one["name"], one["ready"], one["desired"]) for one in first["applications"]] == [
        (API, 1, 1),
        (WORKER, 1, 1),
    ]
    assert f"http://localhost:{project.port}" in first["applications"][0]["endpoints"]

    again = project.run("up", "dev", "--detach", "-o", "json").ok()
    assert again.json()["changed"] is False
    assert "nothing has changed" in again.err
    assert again.json()["release"] == first["release"]
    assert pids_of(again.json()) == pids_of(first)
    assert project.marked() >= {pid for pids in pids_of(first).values() for pid in pids} > set()


def test_staging_and_prod_come_up_beside_dev_and_down_all_leaves_no_process(dev: Project) -> None:
    for environment, applications in (("staging", THREE), ("prod", FOUR)):
        told = dev.run("up", environment, "--detach", "-o", "json").ok().json()
        assert told["phase"] == "Healthy"
        assert {one["name"] for one in told["applications"] if one["phase"] == "Healthy"} == applications
    assert {one["environment"]: one["phase"] for one in every(dev)} == dict.fromkeys(
        ("dev", "staging", "prod"), "Healthy"
    )
    assert get(dev.url())[0] == 200

    told = dev.run("down", "--all", "-o", "json").ok().json()

    assert [one["stopped"] for one in told["environments"]] == [True, True, True]
    assert dev.processes() == {}


def test_down_all_ends_what_somebody_else_looks_at_who_sees_it_stop_and_come_again(dev: Project) -> None:
    watching, reading = dev.begin("status", "dev", "--watch"), dev.begin("logs", "dev", "-f")
    watching.said("Healthy")
    until(lambda: reading.out)

    told = dev.run("down", "--all").ok()

    assert "stay" not in told.err
    assert dev.processes() == {}
    watching.said("Stopped")
    assert dev.processes() == {}
    seen = len(watching.err)
    dev.run("up", "dev", "--detach").ok()
    until(lambda: "Healthy" in watching.err[seen:])
    assert watching.interrupt().code == 130
    assert reading.interrupt().code == 130
    dev.run("down", "--all").ok()
    assert dev.processes() == {}


def test_down_keeps_the_reminders_and_purge_names_what_it_removes(dev: Project) -> None:
    made = post(dev.url("/reminders"), {"message": "keep me", "due_at": due(days=30)})
    stopped = dev.run("down", "dev", "-o", "json").ok().json()["environments"]
    assert [one["stopped"] for one in stopped] == [True]
    assert dev.marked() == set()
    twice = dev.run("down", "dev", "-o", "json").ok()
    assert [one["stopped"] for one in twice.json()["environments"]] == [False]

    dev.run("up", "dev", "--detach").ok()
    kept = json.loads(get(dev.url(f"/reminders/{made['id']}"))[1])
    assert (kept["message"], kept["status"]) == ("keep me", "scheduled")

    purged = dev.run("down", "dev", "--purge", "-o", "json").ok()
    removed = purged.json()["environments"][0]["purged"]
    assert any(path.endswith("envs/dev/volumes") for path in removed)
    assert all(path in purged.err for path in removed)
    assert not list((dev.root / ".flaskship/envs/dev").glob("**/reminders.db"))
    dev.run("up", "dev", "--detach").ok()
    assert get(dev.url(f"/reminders/{made['id']}"))[0] == 404


def every(project: Project) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (
        project.run("status", "-o", "json", "--engine", "local").ok().json()["environments"]
    )
    return found
