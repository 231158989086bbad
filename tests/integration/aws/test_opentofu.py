"""OpenTofu reads the same files: nothing is of Terraform alone, and a tofu that is here says so, too."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS

from flaskship.aws.terraform import PROVIDER, Terraform

TERRAFORM = AWS.parent
# What Terraform has and OpenTofu 1.11 lacks: blocks, arguments of tests, and kinds of files.
ALONE = re.compile(
    r"""^\s*(cloud|list|action|store)\s*[{"]          # HCP Terraform, queries, actions
    |^\s*(action_trigger|identity)\s*\{
    |^\s*(override_during|state_key|parallel|skip_cleanup)\s*=
    |\bterraform\.applying\b|provider::terraform::""",
    re.MULTILINE | re.VERBOSE,
)
FILES = [file for end in ("*.tf", "*.hcl") for file in TERRAFORM.rglob(end) if ".terraform" not in file.parts]
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
        "  override_during = plan",
        "a = terraform.applying",
        'list "a" "b" {',
    ],
)
def test_what_is_of_terraform_alone_would_be_found(text: str) -> None:
    assert ALONE.search(f"a = 1\n{text}\n")


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
    for arguments in (["init", "-backend=false"], ["validate"]):
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
