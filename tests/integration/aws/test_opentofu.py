"""OpenTofu reads the same code: nothing in it is of Terraform alone, and a tofu that is here says so, too."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS, Run

from flaskship.aws.terraform import PROVIDER, Terraform

TERRAFORM = AWS.parent
# What Terraform has and OpenTofu 1.11 lacks in code. Tests are Terraform's alone: see below.
ALONE = re.compile(
    r"""^\s*(cloud|list|action|store)\s*[{"]          # HCP Terraform, queries, actions
    |^\s*(action_trigger|identity)\s*\{
    |\bterraform\.applying\b|provider::terraform::""",
    re.MULTILINE | re.VERBOSE,
)
FILES = [file for file in TERRAFORM.rglob("*.tf") if ".terraform" not in file.parts]
TESTS = [file for file in AWS.rglob("*.tftest.hcl") if ".terraform" not in file.parts]
# OpenTofu's mock_provider has no source, and its init and validate read tests unless told another folder.
PAST_TESTS = "-test-directory=."
# One root that has no data source, one of modules and one with ephemeral values.
READ = ("stacks/bootstrap", "stacks/network", "stacks/app")


def test_nothing_is_of_terraform_alone() -> None:
    assert len(FILES) > 80
    for file in FILES:
        found = ALONE.search(file.read_text())
        assert not found, f"{file.relative_to(TERRAFORM)}: {found[0].strip() if found else ''}"


@pytest.mark.parametrize(
    "text",
    [
        "cloud {",
        'action "aws_x" "y" {',
        "  identity {",
        "a = terraform.applying",
        'list "a" "b" {',
    ],
)
def test_what_is_of_terraform_alone_would_be_found(text: str) -> None:
    assert ALONE.search(f"a = 1\n{text}\n")


def test_the_tests_are_terraforms_alone_and_the_page_says_so() -> None:
    mocked = [file for file in TESTS if re.search(r'mock_provider "aws" \{\s*source\b', file.read_text())]
    page = (TERRAFORM.parents[1] / "docs" / "how-to" / "aws.md").read_text()
    assert mocked
    for command in ("init", "validate"):
        assert f"tofu {command} {PAST_TESTS}" in page
    # Beside the code itself there is none that the named folder would bring in again.
    assert all(file.parent.name == "tests" for file in TESTS)


def test_terraform_reads_past_the_tests_as_tofu_shall(run_terraform: Run, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "a" {\n  value = 1\n}\n')
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "one.tftest.hcl").write_text('nonsense "a" {}\n')
    assert run_terraform("init", folder=tmp_path).returncode != 0
    for command in ("init", "validate"):
        assert run_terraform(command, PAST_TESTS, folder=tmp_path).returncode == 0


def test_every_version_that_is_wanted_exists_of_both() -> None:
    # OpenTofu has ephemeral values and write-only arguments from 1.11 on, and locks in S3 from 1.10.
    for file in FILES:
        for wanted in re.findall(r'required_version\s*=\s*"([^"]+)"', file.read_text()):
            assert wanted == ">= 1.11", file
    assert "OpenTofu 1.11" in (TERRAFORM.parents[1] / "docs" / "how-to" / "aws.md").read_text()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stack", READ)
def test_a_tofu_says_that_it_is_valid(terraform: Terraform, tmp_path: Path, stack: str) -> None:
    tofu = shutil.which("tofu")
    if tofu is None:
        pytest.skip("not tested here: there is no tofu on PATH")
    registry = tmp_path / "mirror" / "registry.opentofu.org" / "hashicorp" / "aws"
    for folder in (terraform.mirror / PROVIDER).glob("*/*"):
        (registry / folder.parent.name).mkdir(parents=True, exist_ok=True)
        (registry / folder.parent.name / folder.name).symlink_to(folder)
    configuration = tmp_path / "tofu.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path / "mirror"}"\n  }}\n}}\n'
    )
    infra = tmp_path / "infra"
    shutil.copytree(AWS, infra / "terraform" / "aws", ignore=shutil.ignore_patterns(".terraform*"))
    shutil.copy(TERRAFORM.parent / "secrets.yaml", infra)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(configuration)}
    for arguments in (["init", "-backend=false", PAST_TESTS], ["validate", PAST_TESTS]):
        done = subprocess.run(
            [tofu, *arguments, "-no-color"],
            cwd=infra / "terraform" / "aws" / stack,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
