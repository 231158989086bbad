"""Ctrl-C at any moment, and two writers at once: nothing is left that was not asked for."""

import signal

import pytest
from tests.integration.stories.clients import get
from tests.integration.stories.project import API, Project, until

GREEN = ("--set", f"applications.{API}.env.COLOUR=green")
NEVER = ("--set", f"applications.{API}.probes.startup.path=/nowhere")


def test_an_attached_up_shows_the_logs_and_ctrl_c_stops_what_it_started(project: Project) -> None:
    project.run("down", "dev").ok()
    attached = project.begin("up", "dev")
    attached.said(f"http://localhost:{project.port}")
    # Probes are not logged, a request is; the command may begin to read a moment after the address is told.
    until(lambda: get(project.url("/reminders"))[0] == 200 and f"{API}-" in attached.out + attached.err)

    assert attached.interrupt().code == 130
    assert project.marked() == set()
    assert project.status()["phase"] == "Stopped"
    project.run("up", "dev", "--detach").ok()


def test_an_attached_up_leaves_what_ran_before_it(dev: Project) -> None:
    pids = dev.pids()
    attached = dev.begin("up", "dev")
    attached.said(f"http://localhost:{dev.port}")

    assert attached.interrupt().code == 130
    assert dev.pids() == pids
    assert get(dev.url())[0] == 200


def test_ctrl_c_during_the_build_leaves_no_image_and_no_process(dev: Project) -> None:
    dev.run("down", "--all").ok()
    images = sorted((dev.root / ".flaskship/images").glob("[!.]*"))
    with dev.changed("app/requirements.txt", "alembic==", "# another set of packages\nalembic=="):
        building = dev.begin("up", "dev", "--detach")
        building.said("Using Python")
        told = building.interrupt()

    assert told.code == 130, told
    assert sorted((dev.root / ".flaskship/images").glob("[!.]*")) == images
    assert dev.marked() == set()
    assert dev.status()["phase"] == "Stopped"
    dev.run("up", "dev", "--detach").ok()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_ctrl_c_while_a_first_up_starts_stops_it(project: Project, number: signal.Signals) -> None:
    project.run("down", "dev").ok()
    starting = project.begin("up", "dev", "--detach", *NEVER)
    starting.said("applied")
    until(project.marked)
    starting.process.send_signal(number)

    told = starting.end()

    assert told.code == 130, told
    assert "interrupted" in told.err
    assert project.marked() == set()
    assert project.status()["phase"] == "Stopped"
    project.run("up", "dev", "--detach").ok()
    assert get(project.url())[0] == 200


def test_ctrl_c_of_a_deploy_goes_back_to_what_ran_before(dev: Project) -> None:
    before, pids = dev.history()[-1]["revision"], dev.pids()
    moving = dev.begin("deploy", "dev", *NEVER)
    moving.said("applied")
    until(lambda: len(dev.marked()) > sum(map(len, pids.values())))

    told = moving.interrupt()

    assert told.code == 130, told
    assert "going back" in told.err
    until(lambda: dev.status()["phase"] == "Healthy")
    assert dev.pids() == pids
    assert get(dev.url())[0] == 200
    interrupted, undo = dev.history()[-2:]
    assert interrupted["outcome"] == "inconclusive"
    assert undo["rolled_back_to"] == before
    dev.run("deploy", "dev").ok()


def test_ctrl_c_before_a_deploy_applied_anything_changes_nothing(dev: Project) -> None:
    before = (dev.history(), dev.pids())
    moving = dev.begin("deploy", "dev", *GREEN)
    moving.said("building from")

    told = moving.interrupt()

    assert told.code in (0, 130), told
    if "applied" not in told.err:
        assert (dev.history(), dev.pids()) == before
    dev.run("deploy", "dev").ok()


def test_a_second_deploy_waits_for_the_first_or_names_it(dev: Project) -> None:
    before = dev.history()[-1]["revision"]
    first = dev.begin("deploy", "dev", *NEVER)
    first.said("applied")

    refused = dev.run("deploy", "dev", "--lock-timeout", "0", "-o", "json").failed(5).json()["error"]
    second = dev.begin("deploy", "dev", *GREEN, "--lock-timeout", "90")
    second.said("waiting up to")
    assert first.interrupt().code == 130

    assert str(first.process.pid) in refused["message"]
    assert "deploy" in refused["message"]
    second.end().ok()
    outcomes = [one["outcome"] for one in dev.history() if one["revision"] > before]
    assert outcomes[0] == "inconclusive"
    assert outcomes[-1] == "successful"
    assert dev.status()["phase"] == "Healthy"


def test_an_abort_ends_the_deploy_that_watches_and_puts_back_what_served(dev: Project) -> None:
    before, pids = dev.history()[-1]["revision"], dev.pids()
    watched = dev.begin("deploy", "dev", *NEVER, "-o", "json")
    watched.said("applied")

    asked = dev.run("abort", "dev", API, "--reason", "the wrong probe", "-o", "json")
    told = watched.end().failed(1).json()
    aborted = asked.ok().json()

    (cause,) = told["verdict"]["causes"]
    assert (cause["code"], cause["application"]) == ("Withdrawn", API)
    assert cause["message"].endswith(f"aborted the rollout of {API}: the wrong probe")
    assert told["undo"] is None
    assert aborted["rolled_back_to"] == before
    assert dev.pids() == pids
    assert get(dev.url())[0] == 200
    failed, back = dev.history()[-2:]
    assert (failed["outcome"], back["outcome"]) == ("failed", "successful")


def test_the_lock_of_a_killed_deploy_is_taken_over(dev: Project) -> None:
    killed = dev.begin("deploy", "dev", *NEVER)
    killed.said("applied")
    killed.process.kill()
    killed.process.wait()

    dev.run("deploy", "dev", "--lock-timeout", "30").ok()

    assert dev.status()["phase"] == "Healthy"
    assert get(dev.url())[0] == 200
