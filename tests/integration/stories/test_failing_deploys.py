"""A deploy that cannot succeed: it says why, and what ran before goes on answering."""

import json
from pathlib import Path

from tests.integration.stories.clients import get, load
from tests.integration.stories.project import API, BROKEN, WORKER, Project, pids_of

SET = f"--set applications.{API}.command={{/bin/false}}"


def test_a_deploy_that_exits_at_once_names_its_cause_and_the_old_api_goes_on(dev: Project) -> None:
    before, pids = dev.history(), dev.pids()

    with load(dev.port) as load_:
        told = dev.run("deploy", "dev", *BROKEN, "-o", "json").failed(1).json()

    assert load_.failed == []
    assert told["verdict"]["outcome"] == "failed"
    (cause,) = told["verdict"]["causes"]
    assert (cause["code"], cause["application"]) == ("ExitNonZero", API)
    assert cause["replica"].startswith(API)
    assert "exit 1" in cause["message"]
    assert cause["values"]["file"] == SET
    assert told["error"]["code"] == "ExitNonZero"
    assert told["error"]["exit_code"] == 1
    assert told["receipt"]["failed"] == 0 < told["receipt"]["sent"]
    assert told["rolled_back_to"] == before[-1]["revision"] == told["release"]["previous"]
    assert told["undo"]["verdict"]["outcome"] == "successful"
    assert get(dev.url()) == (200, '{"status":"healthy"}')
    assert dev.pids() == pids
    # Old ones beyond the limit go meanwhile: the number tells which are new.
    added = [one for one in dev.history() if one["revision"] > before[-1]["revision"]]
    assert [(one["revision"], one["outcome"], one["rolled_back_to"]) for one in added] == [
        (told["release"]["revision"], "failed", None),
        (told["undo"]["revision"], "successful", before[-1]["revision"]),
    ]


def test_the_cause_names_the_values_file_and_line_that_set_it(dev: Project, tmp_path: Path) -> None:
    values = tmp_path / "broken.yaml"
    values.write_text(f"applications:\n  {API}:\n    command: [/bin/false]\n")

    told = dev.run("deploy", "dev", "-f", str(values), "-o", "json").failed(1).json()

    place = told["verdict"]["causes"][0]["values"]
    assert (Path(place["file"]).name, place["line"]) == ("broken.yaml", 3)
    text = dev.run("deploy", "dev", "-f", str(values)).failed(1).err
    assert "broken.yaml:3: " in text
    assert "exit 1" in text


def test_no_rollback_leaves_the_failed_revision_and_rollback_brings_the_old_one_back(dev: Project) -> None:
    before = dev.history()[-1]["revision"]

    told = dev.run("deploy", "dev", *BROKEN, "--no-rollback", "-o", "json").failed(1).json()

    assert told["undo"] is None
    assert "--no-rollback" in told["not_undone"]
    left = dev.status()
    assert left["phase"] == "Degraded"
    assert left["release"]["revision"] == told["release"]["revision"]
    assert get(dev.url())[0] == 200, "the old replica is kept: none of the new ones was ever ready"

    back = dev.run("rollback", "dev", "-o", "json").ok().json()
    assert back["rolled_back_to"] == before
    assert dev.status()["phase"] == "Healthy"
    assert dev.history()[-1]["rolled_back_to"] == before


def test_an_application_that_never_becomes_ready_is_named_with_its_last_answer(
    dev: Project, tmp_path: Path
) -> None:
    pids = dev.pids()
    values = tmp_path / "never.yaml"
    values.write_text(
        f"applications:\n  {API}:\n    progressDeadlineSeconds: 6\n"
        "    probes: {readiness: {path: /nowhere, failureThreshold: 1}}\n"
    )

    told = dev.run("deploy", "dev", "-f", str(values), "-o", "json").failed(1).json()

    codes = {cause["code"] for cause in told["verdict"]["causes"]}
    assert codes & {"ReadinessFailed", "ProgressDeadlineExceeded"}
    assert "404" in json.dumps(told["verdict"]["causes"])
    assert {cause["application"] for cause in told["verdict"]["causes"]} == {API}
    assert get(dev.url())[0] == 200
    assert dev.pids() == pids


def test_a_first_up_that_fails_leaves_nothing_that_answers_and_the_next_up_works(project: Project) -> None:
    project.run("down", "dev").ok()

    told = project.run("up", "dev", "--detach", *BROKEN, "-o", "json").failed(1).json()

    assert told["verdict"]["causes"][0]["code"] == "ExitNonZero"
    assert told["undo"] is None
    assert "flaskship down dev" in told["not_undone"]
    project.run("up", "dev", "--detach").ok()
    assert get(project.url())[0] == 200


def test_a_requirement_that_does_not_exist_stops_before_anything_changes(dev: Project) -> None:
    unchanged = (dev.history(), dev.pids())

    with dev.changed("app/requirements.txt", "alembic==", "no-such-package-of-flaskship==1.0\nalembic=="):
        told = dev.run("deploy", "dev", "-o", "json")

    assert told.code in (1, 2, 4), told
    error = told.json()["error"]
    assert "no-such-package-of-flaskship" in json.dumps(error)
    assert "requirements.txt" in json.dumps(error)
    assert (dev.history(), dev.pids()) == unchanged
    assert sorted(path.name for path in (dev.root / ".flaskship/images").iterdir() if path.name[0] != ".")


def test_a_broken_dockerfile_is_named_with_its_line(dev: Project) -> None:
    unchanged = (dev.history(), dev.pids())

    with dev.changed("app/Dockerfile", "\nEXPOSE", "\nEXPOZE") as file:
        line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "EXPOZE" in text)
        told = dev.run("up", "dev", "--detach", "-o", "json").failed(2)
        text = dev.run("deploy", "dev").failed(2).err

    error = told.json()["error"]
    assert "EXPOZE" in error["message"]
    assert (Path(error["location"]["file"]).name, error["location"]["line"]) == ("Dockerfile", line)
    assert f"Dockerfile:{line}: " in text
    assert (dev.history(), dev.pids()) == unchanged
    assert pids_of(dev.run("up", "dev", "--detach", "-o", "json").ok().json()) == unchanged[1]
    assert WORKER in unchanged[1]
