"""The root as text: format, pins, what may stand in it, and what a linter of infrastructure says."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.terraform import ROOT, SOURCE, Root, pins

FILES = sorted(SOURCE.glob("*.tf"))
ENVIRONMENTS = ("dev", "staging", "prod")


def variables() -> dict[str, str]:
    """Each declared variable with its block."""
    text = (SOURCE / "variables.tf").read_text()
    return {match[1]: match[0] for match in re.finditer(r'^variable "(\w+)" \{.*?^\}', text, re.M | re.S)}


def settings(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)\s*=\s*(.+?)\s*$", path.read_text(), re.M))


def test_the_files_have_the_one_format(terraform: str) -> None:
    done = subprocess.run(
        [
            terraform,
            "fmt",
            "-check",
            "-diff",
            *map(str, FILES),
            str(SOURCE / "tests"),
            str(SOURCE / "environments"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_configuration_is_valid(prepared: Root) -> None:
    done = prepared.run("validate", "-json")
    assert '"valid": true' in done.stdout, done.stdout


def test_the_guides_files_are_there() -> None:
    names = {path.name for path in FILES}
    assert {"main.tf", "variables.tf", "outputs.tf", "provider.tf", "backend.tf", "versions.tf"} <= names
    assert [path.stem for path in sorted((SOURCE / "environments").glob("*.tfvars"))] == sorted(ENVIRONMENTS)


def test_every_provider_has_an_exact_pin() -> None:
    text = (SOURCE / "versions.tf").read_text()
    assert set(pins()) == {"helm", "kubernetes"}
    assert text.count("source ") == len(pins())
    assert pins()["helm"].startswith("3.")
    assert 'required_version = ">= 1.11"' in text


def test_a_lock_file_is_that_of_the_registry() -> None:
    """A provider from a disk gets h1: hashes alone; only the registry's signed list gives zh:."""
    lock = SOURCE / ".terraform.lock.hcl"
    if not lock.exists():
        return
    for block in re.findall(r"^provider .*?^\}", lock.read_text(), re.M | re.S):
        assert '"zh:' in block, (
            "this lock is of a test double or of one machine: see docs/how-to/terraform.md"
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environments_file_names_itself_its_cluster_and_no_secret(environment: str) -> None:
    given = settings(SOURCE / "environments" / f"{environment}.tfvars")
    assert given["environment"] == f'"{environment}"'
    assert re.fullmatch(r'"[a-z-]+"', given["kube_context"])
    assert set(given) <= set(variables())
    assert not re.search(r"password|secret|token|private|api_?key", " ".join(variables()), re.I)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_an_environments_context_is_that_of_the_project(environment: str) -> None:
    project = YAML(typ="safe").load((ROOT / "flaskship.yaml").read_text())
    given = settings(SOURCE / "environments" / f"{environment}.tfvars")
    assert given["kube_context"] == f'"{project["environments"][environment]["context"]}"'


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_has_a_key_of_its_own_in_the_bucket(environment: str) -> None:
    given = settings(SOURCE / "environments" / f"{environment}.s3.tfbackend")
    assert given["key"] == f'"my-app/apps/{environment}.tfstate"'
    assert set(given) == {"key", "region"}


def test_no_secret_reaches_a_state_by_the_values() -> None:
    """Values stand in the state: staging and prod fetch their secrets, dev's one is a file's path."""
    for environment in ENVIRONMENTS:
        values = YAML(typ="safe").load(
            (ROOT / "infra" / "helmchart" / f"values-{environment}.yaml").read_text()
        )
        if environment == "dev":
            assert values["secrets"]["generated"] == {"database-url": "sqlite:////data/reminders.db"}
        else:
            assert values["secrets"]["provider"] == "external"
            assert "generated" not in values["secrets"]


def test_opentofu_can_read_it() -> None:
    """Older ones, too: no validations of more than their variable, no ephemerals, nothing write-only."""
    for name, block in variables().items():
        assert set(re.findall(r"\bvar\.(\w+)", block)) <= {name}, name
        assert not re.search(r"\b(local|data|module|terraform|path)\.\w", block), name
    for path in FILES:
        assert not re.search(r'^\s*ephemeral\b|_wo\b|^\s*cloud \{|"terraform\.io/', path.read_text(), re.M), (
            path.name
        )


def test_checkov_finds_nothing_that_is_not_accepted_with_a_reason() -> None:
    checkov = shutil.which("checkov", path=str(ROOT / ".venv-checkov" / "bin"))
    if checkov is None:
        pytest.skip("checkov is not set up: make checkov")
    # It has no rule for these kinds of resources today; it reads them, and tells when it has one.
    command = [checkov, "--directory", str(SOURCE), "--framework", "terraform", "--skip-download"]
    done = subprocess.run(
        [*command, "--skip-path", "aws/", "-o", "json"], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    summary = report.get("summary", report)
    assert (summary["failed"], summary["parsing_errors"]) == (0, 0), done.stdout
    for path in FILES:
        for accepted in re.findall(r"checkov:skip=(\S+)", path.read_text()):
            assert re.fullmatch(r"CKV\w+:\S+", accepted), f"{path.name}: {accepted} without a reason"
