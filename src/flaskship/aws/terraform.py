"""Terraform on this machine: the binary, the provider's mirror, a configuration that contacts no registry."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where filesystem mirrors are kept by habit; the first that holds the provider's binary is taken.
PLACES = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/*",
)
MIRROR = "FLASKSHIP_TERRAFORM_MIRROR"
FLOOR = (1, 11)
"""The oldest Terraform that the stacks take: write-only arguments came with it."""
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Terraform:
    """A terraform binary and the folder that its providers come from."""

    binary: Path
    mirror: Path
    version: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What this machine lacks, as one sentence, and what to do."""

    what: str
    hint: str


def find_terraform(environ: Mapping[str, str]) -> Terraform | Missing:
    """Return the terraform and the AWS provider of this machine; nothing is downloaded."""
    binary = shutil.which("terraform", path=environ.get("PATH"))
    if binary is None:
        return Missing("there is no terraform on PATH", f"install {_floor()}, or leave this part to CI")
    for mirror in _mirrors(environ):
        version = _provider_version(mirror)
        if version is not None:
            return Terraform(Path(binary), mirror, version)
    return Missing(
        "the AWS provider is in no filesystem mirror of this machine",
        f"make one with `terraform providers mirror FOLDER` and name it with {MIRROR}=FOLDER",
    )


def too_old(binary: Path) -> Missing | None:
    """Return what is wrong with the version that a terraform tells of itself; it is run for that."""
    try:
        told = subprocess.run(
            [binary, "version", "-json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        )
        version = str(json.loads(told.stdout)["terraform_version"])
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError):
        return Missing(f"{binary} does not tell its version", f"put {_floor()} on PATH")
    if _as_numbers(version) < FLOOR:
        return Missing(f"{binary} is Terraform {version}, which is too old", f"put {_floor()} on PATH")
    return None


def _floor() -> str:
    return f"Terraform {'.'.join(map(str, FLOOR))} or later"


def cli_configuration(mirror: Path, cache: Path) -> str:
    """Return a CLI configuration that takes every provider from the mirror and calls nobody."""
    return (
        "disable_checkpoint = true\n"
        f'plugin_cache_dir = "{cache}"\n'
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n'
        "}\n"
    )


def _mirrors(environ: Mapping[str, str]) -> Iterable[Path]:
    if environ.get(MIRROR):
        yield Path(environ[MIRROR])
        return
    for place in PLACES:
        folder = Path(os.path.expanduser(place))  # noqa: PTH111
        yield from sorted(folder.parent.glob(folder.name)) if "*" in place else (folder,)


def _provider_version(mirror: Path) -> str | None:
    """Return the newest unpacked version of the provider in a mirror: one whose binary is there."""
    found = [
        binary.parent.parent.name
        for binary in mirror.glob(f"{PROVIDER}/*/*/terraform-provider-aws_v*")
        if os.access(binary, os.X_OK)
    ]
    return max(found, key=_as_numbers, default=None)


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())
