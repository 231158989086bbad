from pathlib import Path

from flaskship.aws.terraform import PROVIDER, Missing, Terraform, cli_configuration, find_terraform


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
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
