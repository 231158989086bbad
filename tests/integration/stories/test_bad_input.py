"""What a user gets wrong, or somebody else took: said with its place, and nothing changed."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.stories.project import API, Json, Project, Told


@contextmanager
def untouched(project: Project) -> Iterator[None]:
    """Nothing of dev may change meanwhile: no revision, no process."""
    before = (project.history(), project.pids())
    yield
    assert (project.history(), project.pids()) == before


def error_of(told: Told) -> Json:
    error: Json = told.json()["error"]
    return error


def test_a_port_that_somebody_holds_is_named_with_its_holder(project: Project) -> None:
    project.run("down", "--all").ok()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", project.port))
        taken.listen()
        error = error_of(project.run("up", "dev", "--detach", "-o", "json").failed(4))
        told = project.run("up", "dev", "--detach").failed(4)

    assert str(project.port) in error["message"]
    assert str(os.getpid()) in error["message"]
    assert str(project.port) in told.err
    assert project.marked() == set()
    assert project.status()["phase"] == "Stopped"
    project.run("up", "dev", "--detach").ok()


def test_a_typo_in_the_values_is_named_with_line_and_nearest_key(dev: Project) -> None:
    file = "infra/helmchart/values-dev.yaml"
    with untouched(dev), dev.changed(file, "preStopSeconds", "preStopSecond"):
        written = (dev.root / file).read_text().splitlines()
        line = next(n for n, text in enumerate(written, 1) if "preStopSecond:" in text)
        for command in (("up", "dev", "--detach"), ("deploy", "dev"), ("render", "dev")):
            assert f"values-dev.yaml:{line}: " in dev.run(*command).failed(2).err, command
        error = error_of(dev.run("deploy", "dev", "-o", "json").failed(2))

    assert "preStopSecond" in error["message"]
    assert "preStopSeconds" in f"{error['message']} {error['hint']}"
    assert (Path(error["location"]["file"]).name, error["location"]["line"]) == ("values-dev.yaml", line)


def test_a_typo_in_flaskship_yaml_is_named_with_line_and_nearest_key(dev: Project) -> None:
    with untouched(dev):
        with dev.changed("flaskship.yaml", "\nchart: ", "\nchrat: "):
            told = dev.run("up", "dev", "--detach").failed(2)
            error = error_of(dev.run("deploy", "dev", "-o", "json").failed(2))
        with dev.changed("flaskship.yaml", "name: my-app\n", "name: [my-app\n"):
            broken = dev.run("up", "dev", "--detach").failed(2)

    assert "flaskship.yaml:3" in told.err
    assert "chart" in f"{error['message']} {error['hint']}"
    assert error["location"]["line"] == 3
    assert "flaskship.yaml:" in broken.err


WRONG = (
    (("up", "stagin", "--detach"), "staging"),
    (("deploy", "dve"), "dev"),
    (("restart", "dev", "my-tomorrows-apo"), API),
    (("scale", "dev", "my-tomorrows-apo", "2"), API),
    (("scale", "dev", API, "many"), "many"),
    (("logs", "dev", "my-tomorrows-apo"), API),
    (("deploy", "dev", "--set", f"applications.{API}.replicsa=2"), "replicas"),
    (("deploy", "dev", "--set", "replicas"), "replicas"),
    (("deploy", "dev", "--set", f"applications.{API}.replicas=lots"), "replicas"),
    (("deploy", "dev", "-f", "/nowhere/values.yaml"), "/nowhere/values.yaml"),
    (("deploy", "dev", "--image", "nothing"), "nothing"),
    (("rollback", "dev", "4711"), "4711"),
    (("rollbak", "dev"), "rollback"),
)


def test_what_does_not_exist_is_said_and_changes_nothing(dev: Project) -> None:
    with untouched(dev):
        for arguments, named in WRONG:
            error = error_of(dev.run(*arguments, "-o", "json").failed(2))
            assert named in f"{error['message']} {error['hint']} {error['location']}", arguments


def test_a_folder_without_a_project_says_what_is_missing(project: Project, tmp_path: Path) -> None:
    told = project.run("--project", str(tmp_path), "status").failed(2)

    assert "flaskship.yaml" in told.err
