"""The workflows of this repository, as far as they can be judged where they do not run."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.y*ml"))
BIN = Path(sys.executable).parent
PINNED = re.compile(r"uses: (?:[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./[\w./-]+)$")
TARGET = re.compile(r"\bmake ((?:[a-z][a-z-]*\s*)+)")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")

each = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: str(file.name))


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(file)["jobs"]
    return found


def steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(file).values():
        yield from job.get("steps", ())


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def run(*words: str | Path) -> str:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_are_workflows() -> None:
    assert GITHUB / "workflows" / "ci.yml" in WORKFLOWS


@each
def test_a_workflow_is_what_githubs_schema_allows(file: Path) -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)


def test_the_update_bot_is_what_its_schema_allows() -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.dependabot", GITHUB / "dependabot.yml")


def test_nothing_in_them_is_unsafe() -> None:
    run(BIN / "zizmor", "--offline", "--no-progress", GITHUB)


@each
def test_every_action_is_pinned_by_commit_and_says_its_version(file: Path) -> None:
    used = [line.strip().removeprefix("- ") for line in file.read_text().splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.match(line)] == []


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("uses: actions/checkout@v7", False),
        ("uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", False),
        ("uses: actions/checkout@3d3c42e # v7.0.1", False),
        ("uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", True),
        ("uses: ./.github/actions/own", True),
    ],
)
def test_the_rule_on_pins_itself(line: str, good: bool) -> None:
    assert bool(PINNED.match(line)) is good


@each
def test_rights_are_the_least_and_runs_end(file: Path) -> None:
    workflow = read(file)
    assert workflow["permissions"] == {"contents": "read"}
    assert "concurrency" in workflow
    for name, job in jobs(file).items():
        assert isinstance(job.get("timeout-minutes"), int), name
        assert "latest" not in str(job["runs-on"]), name
        assert job.get("permissions", {}) == {}, f"{name}: say here why it needs them"


@each
def test_every_target_that_a_step_names_is_one_of_the_makefile(file: Path) -> None:
    named = {
        word
        for step in steps(file)
        for line in str(step.get("run", "")).splitlines()
        for found in TARGET.findall(line)
        for word in found.split()
    }
    assert named
    assert named <= targets()


@each
def test_every_step_that_takes_the_sources_keeps_no_credentials(file: Path) -> None:
    taken = [one for one in steps(file) if str(one.get("uses", "")).startswith("actions/checkout@")]
    assert len(taken) == len(jobs(file))
    assert all(one["with"]["persist-credentials"] is False for one in taken)


def test_what_ci_proves_is_everything_that_the_readme_asks_for() -> None:
    text = (GITHUB / "workflows" / "ci.yml").read_text()
    for target in ("lint", "test", "stories", "checkov", "kind-cluster", "test-cluster"):
        assert f"make {target}" in text


def test_the_cluster_is_pinned_and_the_files_that_its_script_names_are_there() -> None:
    kind = read(GITHUB / "kind.yaml")
    assert all(DIGEST.search(node["image"]) for node in kind["nodes"])
    script = ROOT / "scripts" / "kind_cluster.sh"
    run("sh", "-n", script)
    assert ".github/kind.yaml" in script.read_text()
    # What is fetched has a version in its address, never what is newest.
    urls = re.findall(r"https://\S+", script.read_text())
    assert urls
    assert all("/releases/download/$" in url for url in urls)


def test_the_script_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "kind_cluster.sh"],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert "kind is missing" in done.stderr
