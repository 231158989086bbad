"""Terraform as this machine has it; what is missing is said in the reason of the skip."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.aws.terraform import Missing, Terraform, cli_configuration, find_terraform

AWS = Path(__file__).resolve().parents[3] / "infra" / "terraform" / "aws"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def terraform() -> Terraform:
    found = find_terraform(os.environ)
    if isinstance(found, Missing):
        pytest.skip(f"not tested here: {found.what} ({found.hint})")
    return found


@pytest.fixture(scope="session")
def run_terraform(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run terraform in a folder of the repository and leave nothing there."""
    base = tmp_path_factory.mktemp("terraform")
    (base / "cache").mkdir()
    configuration = base / "terraform.rc"
    configuration.write_text(cli_configuration(terraform.mirror, base / "cache"))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(base),
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(terraform.binary), *arguments],
            cwd=folder,
            env=environ | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run
