"""OpenTofu reads the same code: nothing in it is of Terraform alone, and a tofu that is here says so, too."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS, Run
from tests.terraform import MissingError, prepare

from flaskship.aws.terraform import Terraform

TERRAFORM = AWS.parent
# What Terraform has and OpenTofu 1.11 lacks in code. Where tests get their answers from differs: see below.
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
STACKS = ("bootstrap", "account", "network", "platform", "app")


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


def test_the_tests_find_their_answers_as_terraform_does_and_the_page_says_so() -> None:
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


@pytest.fixture(scope="module")
def tofu() -> str:
    """The path of a tofu; one can be built of its Go module, with that module's own `replace` repeated."""
    found = shutil.which("tofu")
    if found is None:
        pytest.skip(
            "not tested here: there is no tofu on PATH (go build github.com/opentofu/opentofu/cmd/tofu)"
        )
    return found


def mirror(work: Path, *mirrors: Path) -> dict[str, str]:
    """Return an environment in which tofu finds what mirrors have for Terraform."""
    for folder in (one for mirror in mirrors for one in mirror.glob("registry.terraform.io/hashicorp/*/*/*")):
        there = work / "mirror" / "registry.opentofu.org" / folder.relative_to(folder.parents[3])
        there.parent.mkdir(parents=True, exist_ok=True)
        there.symlink_to(folder.resolve())
    configuration = work / "tofu.rc"
    place = f'  filesystem_mirror {{\n    path = "{work / "mirror"}"\n  }}'
    configuration.write_text(f"provider_installation {{\n{place}\n}}\n")
    return {"PATH": os.environ["PATH"], "HOME": str(work), "TF_CLI_CONFIG_FILE": str(configuration)}


def run_tofu(tofu: str, folder: Path, environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [tofu, *arguments, "-no-color"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_and_test(tofu: str, folder: Path, environ: dict[str, str]) -> None:
    """Read a root as its page says, past the tests, and then with them; run them."""
    run_tofu(tofu, folder, environ, "init", "-backend=false", PAST_TESTS)
    run_tofu(tofu, folder, environ, "validate", PAST_TESTS)
    run_tofu(tofu, folder, environ, "init", "-backend=false")
    assert ", 0 failed." in run_tofu(tofu, folder, environ, "test")


def copied(to: Path) -> Path:
    """Return the AWS code in a folder of its own, each test with the shared mocks written out."""
    infra = to / "infra"
    code = infra / "terraform" / "aws"
    shutil.copytree(AWS, code, ignore=shutil.ignore_patterns(".terraform*"))
    shutil.copy(TERRAFORM.parent / "secrets.yaml", infra)
    mocks = (AWS / "mocks" / "aws.tfmock.hcl").read_text()
    for test in code.rglob("*.tftest.hcl"):
        test.write_text(re.sub(r'^  source\s+= "[./]+mocks"$', lambda _: mocks, test.read_text(), flags=re.M))
    return code


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stack", STACKS)
def test_a_tofu_reads_and_tests_a_stack(tofu: str, terraform: Terraform, tmp_path: Path, stack: str) -> None:
    environ = mirror(tmp_path, terraform.mirror)
    read_and_test(tofu, copied(tmp_path) / "stacks" / stack, environ)


@pytest.mark.timeout(600)
def test_a_tofu_passes_the_tests_of_the_platforms_releases(
    tofu: str, with_helm: Path, tmp_path: Path
) -> None:
    environ = mirror(tmp_path / "tofu", with_helm)
    read_and_test(tofu, copied(tmp_path / "code") / "stacks" / "charts", environ)


@pytest.mark.timeout(600)
def test_a_tofu_passes_the_tests_of_the_releases(tofu: str, tmp_path: Path) -> None:
    try:
        root = prepare(tmp_path)
    except MissingError as missing:
        pytest.skip(str(missing))
    shutil.rmtree(root.folder / ".terraform")
    (root.folder / ".terraform.lock.hcl").unlink()
    (given,) = re.findall(r'path = "([^"]+)"', Path(root.environ["TF_CLI_CONFIG_FILE"]).read_text())
    environ = mirror(tmp_path / "tofu", Path(given))
    read_and_test(tofu, root.folder, environ)
