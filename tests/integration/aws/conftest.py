"""Terraform as this machine has it; what is missing is said in the reason of the skip."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.aws.terraform import PROVIDER, Missing, Terraform, cli_configuration, find_terraform

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


@pytest.fixture
def with_helm(terraform: Terraform, tmp_path: Path) -> Path:
    """Return a mirror of the AWS provider and of the helm provider that a development override names."""
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", "/nonexistent"))
    text = configuration.read_text() if configuration.is_file() else ""
    found = re.search(r'"hashicorp/helm"\s*=\s*"([^"]+)"', text)
    if found is None:
        pytest.skip("not tested here: no TF_CLI_CONFIG_FILE names a helm provider (or a double of it)")
    versions = AWS / "stacks" / "charts" / "versions.tf"
    registry = tmp_path / "mirror" / "registry.terraform.io" / "hashicorp"
    pin = re.search(r'source\s+= "hashicorp/helm"\s+version\s+= "([\d.]+)"', versions.read_text())
    assert pin, f"{versions} pins the helm provider exactly"
    # Terraform follows no symbolic link at the level of a provider's name.
    for version in (terraform.mirror / PROVIDER).iterdir():
        for platform in version.iterdir():
            (registry / "aws" / version.name).mkdir(parents=True, exist_ok=True)
            (registry / "aws" / version.name / platform.name).symlink_to(platform)
            helm_provider = registry / "helm" / pin[1] / platform.name
            helm_provider.mkdir(parents=True, exist_ok=True)
            binary = helm_provider / f"terraform-provider-helm_v{pin[1]}"
            binary.unlink(missing_ok=True)
            binary.symlink_to(Path(found[1]) / "terraform-provider-helm")
    return tmp_path / "mirror"
