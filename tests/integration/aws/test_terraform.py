"""What the AWS code says without an account: form, references, and its tests with a mocked provider."""

import shutil
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS, Run

TESTED = sorted({folder.parent.parent for folder in AWS.glob("*/*/tests/*.tftest.hcl")})
ROOTS = sorted({file.parent for file in AWS.glob("stacks/*/versions.tf")})
MODULES = sorted({file.parent for file in AWS.glob("modules/*/versions.tf")})
# Needs providers that a machine without a registry lacks.
WITH_CHARTS = {"charts"}
TESTED = [folder for folder in TESTED if folder.name not in WITH_CHARTS]

# The provider alone takes seconds of CPU to start, and other tests want it too.
pytestmark = pytest.mark.timeout(600)


def name_of(folder: Path) -> str:
    return str(folder.relative_to(AWS))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return the code in a folder of its own: init writes beside what it reads."""
    infra = AWS.parents[1]
    there = tmp_path / "infra"
    shutil.copytree(AWS, there / AWS.relative_to(infra), ignore=shutil.ignore_patterns(".terraform*"))
    shutil.copy(infra / "secrets.yaml", there)
    return there / AWS.relative_to(infra)


def test_files_have_the_one_format(run_terraform: Run) -> None:
    done = run_terraform("fmt", "-check", "-recursive", "-diff", folder=AWS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", TESTED, ids=name_of)
def test_mocked(folder: Path, copied: Path, run_terraform: Run) -> None:
    there = copied / folder.relative_to(AWS)
    done = run_terraform("init", "-backend=false", "-input=false", "-no-color", folder=there)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run_terraform("test", "-no-color", folder=there)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_stack_and_module_with_validations_is_tested() -> None:
    tested = {folder.name for folder in TESTED}
    assert {root.name for root in ROOTS} - WITH_CHARTS <= tested
    assert {"network", "security-groups"} <= tested
