import json
from pathlib import Path

import pytest

from flaskship.aws.terraform import PROVIDER, Missing, Terraform, cli_configuration, find_terraform, too_old


def executable(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def provider(mirror: Path, version: str) -> Path:
    folder = mirror / PROVIDER / version / "linux_amd64"
    return executable(folder / f"terraform-provider-aws_v{version}_x5")


def test_says_that_terraform_is_missing(tmp_path: Path) -> None:
    found = find_terraform({"PATH": str(tmp_path)})
    assert isinstance(found, Missing)
    assert "terraform" in found.what


def test_says_that_the_provider_is_missing(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "terraform")
    mirror = tmp_path / "mirror"
    (mirror / PROVIDER / "5.100.0" / "linux_amd64").mkdir(parents=True)
    found = find_terraform({"PATH": str(tmp_path / "bin"), "FLASKSHIP_TERRAFORM_MIRROR": str(mirror)})
    assert isinstance(found, Missing)
    assert "FLASKSHIP_TERRAFORM_MIRROR" in found.hint


def test_takes_the_newest_provider_by_number(tmp_path: Path) -> None:
    binary = executable(tmp_path / "bin" / "terraform")
    mirror = tmp_path / "mirror"
    for version in ("5.99.1", "5.100.0", "5.9.0"):
        provider(mirror, version)
    found = find_terraform({"PATH": str(tmp_path / "bin"), "FLASKSHIP_TERRAFORM_MIRROR": str(mirror)})
    assert found == Terraform(binary, mirror, "5.100.0")


def test_the_configuration_knows_the_mirror_and_nobody_else(tmp_path: Path) -> None:
    text = cli_configuration(tmp_path / "mirror", tmp_path / "cache")
    assert "filesystem_mirror" in text
    assert "direct" not in text
    assert "disable_checkpoint = true" in text


@pytest.mark.parametrize(
    ("version", "what"),
    [
        ("1.5.7", "is Terraform 1.5.7, which is too old"),
        ("1.10.9", "too old"),
        ("1.11.0", None),
        ("2.0.0-rc1", None),
    ],
)
def test_a_terraform_below_the_floor_is_told_with_its_version(
    tmp_path: Path, version: str, what: str | None
) -> None:
    told = json.dumps({"terraform_version": version})
    found = too_old(executable(tmp_path / "terraform", f"echo '{told}'"))
    assert (found is None) == (what is None)
    assert found is None or (what in found.what and "1.11 or later" in found.hint)


@pytest.mark.parametrize("script", ["exit 1", "echo '[]'", "echo nothing", "echo '{}'"])
def test_a_terraform_that_does_not_tell_its_version_is_not_taken(tmp_path: Path, script: str) -> None:
    found = too_old(executable(tmp_path / "terraform", script))
    assert found is not None
    assert "does not tell its version" in found.what
