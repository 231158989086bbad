from pathlib import Path

import pytest
from tests.unit.aws.diagrams.test_pictures import in_order

from flaskship.aws.diagrams.flow_picture import columns_of, draw_flow
from flaskship.aws.diagrams.flows import Flow, Lane, Step, cd_flow, ci_flow
from flaskship.cli.commands import COMMANDS
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project

MAKEFILE = (
    "lint: bootstrap ## formatter and types\n\ttrue\n\ntest: lint ## all tests\n\ttrue\n\nfaults: ## kills\n"
)
CI = "#!/bin/sh\n# make nothing\nmake test\necho make bench\nPATH=x timeout 5 make faults\n"
WORKFLOW = """\
name: Judge
on:
  push: {branches: [main, develop]}
  pull_request:
jobs:
  test:
    name: test (${{ matrix.python }})
    strategy: {matrix: {python: ["3.11", "3.13"], include: [{python: "3.14"}]}}
    steps:
      - uses: actions/checkout@0123456789abcdef # v4
      - name: Judge
        run: |
          make test
          make more
  scan:
    name: Scan
    needs: test
    steps: [{name: Look at the image, run: x}]
  call:
    needs: [test, scan]
    uses: ./.github/workflows/other.yml@main
"""


def environment(
    name: str, before: str | None = None, writer: str = "cli", engine: str = "kubernetes"
) -> Environment:
    return Environment(name, f"{name}-apps", f"my-app-{name}", engine, None, before, writer)  # type: ignore[arg-type]


def project(root: Path, *environments: Environment) -> Project:
    return Project(root, "my-app", root / "chart", (), environments)


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_without_workflows_it_is_the_script_in_the_makefiles_words(tmp_path: Path) -> None:
    write(tmp_path, "Makefile", MAKEFILE)
    write(tmp_path, ".ci/run", CI)
    (lane,) = ci_flow(tmp_path).lanes
    assert lane.steps == (
        Step("make test", ("lint: formatter and types", "all tests")),
        Step("make faults", ("kills",), ("make test",)),
    )


def test_a_target_that_is_none_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "Makefile", MAKEFILE)
    write(tmp_path, ".ci/run", "make tset\n")
    with pytest.raises(ConfigurationError, match="make tset"):
        ci_flow(tmp_path)


def test_a_project_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="neither workflows nor Makefile"):
        ci_flow(tmp_path)


def test_workflows_are_lanes_and_jobs_wait_for_what_they_need(tmp_path: Path) -> None:
    write(tmp_path, ".github/workflows/ci.yml", WORKFLOW)
    write(tmp_path, ".github/workflows/deploy.yml", WORKFLOW)
    (lane,) = ci_flow(tmp_path).lanes
    assert (lane.name, lane.lines) == ("Judge", ("ci.yml", "push: main, develop", "pull_request"))
    assert [(one.name, one.lines, one.after) for one in lane.steps] == [
        ("test", ("for python 3.11, 3.13", "Judge: make more"), ()),
        ("Scan", ("Look at the image",), ("test",)),
        ("call", ("calls ./.github/workflows/other.yml",), ("test", "Scan")),
    ]
    assert [[one.name for one in column] for column in columns_of(lane)] == [["test"], ["Scan"], ["call"]]


def test_jobs_of_the_same_name_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    write(tmp_path, ".github/workflows/ci.yml", "jobs: {a: {name: Test}, b: {name: Test, needs: a}}")
    (lane,) = ci_flow(tmp_path).lanes
    assert [(one.name, one.after) for one in lane.steps] == [("a", ()), ("b", ("a",))]


@pytest.mark.parametrize("text", ["a: [", "jobs: {}", "- x"])
def test_what_is_no_workflow_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, ".github/workflows/ci.yml", text)
    with pytest.raises(ConfigurationError, match=r"ci\.yml"):
        ci_flow(tmp_path)


def test_each_environment_is_entered_by_what_the_one_before_has_proven(tmp_path: Path) -> None:
    stages = (environment("dev", engine="local"), environment("prod", "dev", "argocd"))
    dev, prod = cd_flow(tmp_path, project(tmp_path, *stages), COMMANDS).lanes
    assert [one.name for one in dev.steps][-1] == "flaskship build --push"
    assert [one.name for one in prod.steps] == [
        "flaskship promote dev prod",
        "A commit of one file",
        "Argo CD",
        "flaskship verify prod",
    ]
    assert (dev.entered, prod.entered) == ("", "proven in dev")


def test_an_application_of_argo_cd_is_named_once_it_is_there(tmp_path: Path) -> None:
    write(tmp_path, "argocd/applications/my-app-prod.yaml", "")
    (lane,) = cd_flow(tmp_path, project(tmp_path, environment("prod", writer="argocd")), COMMANDS).lanes
    assert any("argocd/applications/my-app-prod.yaml" in line for step in lane.steps for line in step.lines)


def test_a_writer_that_is_the_command_line_has_no_argo_cd(tmp_path: Path) -> None:
    stages = (environment("dev"), environment("prod", "dev"))
    _, lane = cd_flow(tmp_path, project(tmp_path, *stages), COMMANDS).lanes
    assert [one.name for one in lane.steps] == ["flaskship promote dev prod", "flaskship verify prod"]


def test_no_words_lie_on_others(tmp_path: Path) -> None:
    write(tmp_path, ".github/workflows/ci.yml", WORKFLOW)
    write(tmp_path, ".github/workflows/more.yml", WORKFLOW.replace("needs: test", ""))
    in_order(*draw_flow(ci_flow(tmp_path)))
    stages = (environment("dev", engine="local"), environment("prod", "dev", "argocd"))
    in_order(*draw_flow(cd_flow(tmp_path, project(tmp_path, *stages), COMMANDS)))


def test_steps_that_wait_for_each_other_are_drawn_nevertheless() -> None:
    lane = Lane("x", (), (Step("a", (), ("b",)), Step("b", (), ("a",))))
    in_order(*draw_flow(Flow("x", "X", "", (lane,))))
