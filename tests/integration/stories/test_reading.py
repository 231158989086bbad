"""The commands that only look, and the steering ones, as scripts and people read them."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.integration.stories.clients import due, get, post
from tests.integration.stories.project import API, WORKER, Project, until


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "dev"),
        ("status",),
        ("history", "dev"),
        ("events", "dev"),
        ("logs", "dev"),
        ("verify", "dev"),
        ("render", "staging"),
        ("explain", "dev", f"applications.{API}.replicas"),
        ("build",),
        ("doctor",),
        ("doctor", "dev"),
        ("restart", "dev", WORKER),
        ("scale", "dev", WORKER, "1"),
        ("deploy", "dev", "--dry-run"),
        ("up", "dev", "--detach"),
        ("deploy", "nowhere"),
    ],
    ids=" ".join,
)
def test_every_command_answers_with_one_document_of_the_schema(
    dev_once: Project, arguments: tuple[str, ...]
) -> None:
    told = dev_once.run(*arguments, "-o", "json")

    document = told.json()
    assert document["kind"] == arguments[0].capitalize()
    assert told.code == (2 if "nowhere" in arguments else 0), told.err
    assert ("error" in document) == (told.code != 0)


def test_status_verify_events_and_history_tell_a_person_what_happened(dev: Project) -> None:
    dev.run("deploy", "dev", "--reason", "for the story").ok()

    status = dev.run("status", "dev").ok().out
    assert "dev  Healthy  dev-apps revision" in status
    assert f"http://localhost:{dev.port}" in status
    assert "my-tomorrows-worker" in status
    assert "for the story" in dev.run("history", "dev").ok().out
    events = dev.run("events", "dev").ok().out
    assert API in events
    verified = dev.run("verify", "dev", "-o", "json").ok().json()
    assert verified["verdict"] == {"outcome": "successful", "causes": []}
    assert all(one["ok"] for one in verified["answers"])
    assert verified["answers"]


def test_logs_are_merged_chosen_by_application_and_followed(dev: Project) -> None:
    both = dev.run("logs", "dev").ok().out
    assert f"{API}-" in both
    assert f"{WORKER}-" in both
    one = dev.run("logs", "dev", WORKER).ok().out.splitlines()
    assert one
    assert all(line.startswith(f"{WORKER}-") for line in one)

    following = dev.begin("logs", "dev", "-f")
    following.said(f"{API}-")
    made = post(dev.url("/reminders"), {"message": "while somebody reads", "due_at": due(seconds=0)})
    following.said(made["id"])
    assert following.interrupt().code == 130


def test_restart_and_scale_reach_what_they_name_and_no_more(dev: Project) -> None:
    before, revision = dev.pids(), dev.history()[-1]["revision"]

    dev.run("scale", "dev", API, "2").ok()
    two = dev.pids()
    assert set(before[API]) < set(two[API])
    assert (len(two[API]), two[WORKER]) == (2, before[WORKER])
    dev.run("restart", "dev", API).ok()
    again = dev.pids()
    assert set(again[API]).isdisjoint(two[API])
    assert (len(again[API]), again[WORKER]) == (2, before[WORKER])
    dev.run("scale", "dev", API, "0").ok()
    until(lambda: dev.pids()[API] == ())
    assert get(dev.url())[0] == 503
    assert dev.history()[-1]["revision"] == revision

    dev.run("deploy", "dev").ok()
    assert len(dev.pids()[API]) == 1
    assert get(dev.url())[0] == 200


def test_render_prints_the_objects_of_an_environment(project: Project) -> None:
    found = objects(project.run("render", "dev").ok().out)

    assert {("Deployment", API), ("Deployment", WORKER), ("Service", API)} <= set(found)
    assert found["Service", API]["spec"]["ports"][0]["nodePort"] == project.port


def test_a_secret_of_the_environment_is_nowhere_in_what_is_printed(dev: Project) -> None:
    dev.run("up", "prod", "--detach", "--set", "defaults.replicas=1").ok()
    try:
        secrets = YAML(typ="safe").load(dev.root / ".flaskship/secrets.prod.yaml")
        values = {one for one in leaves(secrets) if len(one) >= 16}
        assert values
        for arguments in (("status", "prod"), ("render", "prod"), ("history", "prod"), ("events", "prod")):
            told = dev.run(*arguments, *(() if arguments[0] == "render" else ("--engine", "local"))).ok()
            assert not [one for one in values if one in told.out + told.err]
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in dev.processes()]
        assert not [one for one in values for line in lines if one in line]
    finally:
        dev.run("down", "prod").ok()


def objects(text: str) -> dict[tuple[str, str], Any]:
    found = [one for one in YAML(typ="safe").load_all(text) if one]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    return [value] if isinstance(value, str) else []
