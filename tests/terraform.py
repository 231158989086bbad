"""Terraform for tests: the providers that this machine offers, and working copies with states of their own.

No registry is asked. Providers come from what TF_CLI_CONFIG_FILE names (development overrides or a mirror) or
from one of Terraform's own mirror folders. Overrides are laid out as a mirror, so that `terraform init` works
as for a user.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "infra" / "terraform"
PROVIDERS = ("helm", "kubernetes")
DOUBLE = "test double, not the provider of the registry"
MIRRORS = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)


class MissingError(Exception):
    """What this machine lacks, as the reason of a skip."""


@dataclass(frozen=True)
class Root:
    """A working copy of the application root with the chart beside it."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *arguments: str, timeout: float = 110) -> subprocess.CompletedProcess[str]:
        """Run terraform; what it says on both streams is in stdout."""
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=timeout,
        )

    def copy(self, to: Path) -> "Root":
        """Another working copy, initialised as this one, with a state of its own."""
        project = self.folder.parents[1]
        shutil.copytree(project, to, symlinks=True)
        return Root(to / self.folder.relative_to(project), self.environ)

    @property
    def chart(self) -> Path:
        return self.folder.parent / "helmchart"


def words(output: str) -> str:
    """What terraform said, without its frames and line breaks."""
    return " ".join(re.sub(r"[│╷╵├─]", " ", output).split())


def pins() -> dict[str, str]:
    """The exact version of each provider that the root asks for."""
    text = (SOURCE / "versions.tf").read_text()
    return dict(re.findall(r'source\s+=\s+"hashicorp/(\w+)"\s+version\s+=\s+"([\d.]+)"', text))


def need_terraform() -> str:
    """The path of terraform; MissingError where there is none."""
    if found := shutil.which("terraform"):
        return found
    raise MissingError("terraform is not on this machine")


def prepare(work: Path) -> Root:
    """A working copy, initialised without a registry; MissingError says what this machine lacks."""
    need_terraform()
    mirror = _mirror(work)
    (work / "terraformrc").write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    )
    project = work / "project"
    ignored = shutil.ignore_patterns("aws", ".terraform*", "*.tfstate*", "*_override.tf")
    shutil.copytree(SOURCE, project / "infra" / "terraform", ignore=ignored)
    shutil.copytree(ROOT / "infra" / "helmchart", project / "infra" / "helmchart")
    shutil.copy(ROOT / "flaskship.yaml", project)
    dropped = ("TF_", "KUBE", "HELM_", "AWS_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    environ |= {"TF_CLI_CONFIG_FILE": str(work / "terraformrc"), "TF_CLI_ARGS": "-no-color", "TF_INPUT": "0"}
    environ |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    root = Root(project / "infra" / "terraform", environ)
    done = root.run("init")
    if done.returncode:
        raise MissingError(f"terraform init with the providers of this machine: {words(done.stdout)}")
    return root


def _mirror(work: Path) -> Path:
    """A mirror that holds both providers in the versions that the root asks for."""
    configured = Path(os.environ.get("TF_CLI_CONFIG_FILE", "/nonexistent")).expanduser()
    text = configured.read_text() if configured.is_file() else ""
    overrides = dict(re.findall(r'"hashicorp/(\w+)"\s*=\s*"([^"]+)"', text))
    if all(name in overrides for name in PROVIDERS):
        return _laid_out(work / "mirror", overrides)
    mirrors = re.findall(r'\bpath\s*=\s*"([^"]+)"', text)
    for mirror in map(Path, (*mirrors, *(str(Path(folder).expanduser()) for folder in MIRRORS))):
        if all(_binaries(mirror, name, version) for name, version in pins().items()):
            return mirror
    wanted = ", ".join(f"hashicorp/{name} {version}" for name, version in pins().items())
    raise MissingError(
        f"no Terraform providers on this machine ({wanted}): TF_CLI_CONFIG_FILE may name a configuration "
        "with development overrides or a filesystem mirror; the registry is not asked"
    )


def _binaries(mirror: Path, name: str, version: str) -> Iterable[Path]:
    folder = mirror / "registry.terraform.io" / "hashicorp" / name
    return [*folder.glob(f"{version}/*/terraform-provider-*"), *folder.glob(f"*_{version}_*.zip")]


def _laid_out(mirror: Path, overrides: Mapping[str, str]) -> Path:
    """The overridden providers as a mirror: `terraform init` refuses overrides, and a user begins with it."""
    system = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=True)
    match = re.search(r'"platform":\s*"(\w+)"', system.stdout)
    assert match
    for name, version in pins().items():
        binary = Path(overrides[name]) / f"terraform-provider-{name}"
        if not binary.is_file():
            raise MissingError(f"TF_CLI_CONFIG_FILE overrides hashicorp/{name}, but {binary} is not there")
        folder = mirror / "registry.terraform.io" / "hashicorp" / name / version / match[1]
        folder.mkdir(parents=True)
        shutil.copy(binary.resolve(), folder / f"terraform-provider-{name}_v{version}")
    return mirror
