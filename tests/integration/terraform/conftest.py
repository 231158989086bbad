import warnings
from pathlib import Path

import pytest
from tests.terraform import DOUBLE, SOURCE, MissingError, Root, need_terraform, prepare

KUBECONFIG = SOURCE / "tests" / "fixtures" / "kubeconfig.yaml"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The root, initialised once; whoever changes it takes a copy."""
    try:
        root = prepare(tmp_path_factory.mktemp("terraform"))
    except MissingError as missing:
        pytest.skip(str(missing))
    said = root.run("plan", "-var-file=environments/dev.tfvars", f"-var=kubeconfig={KUBECONFIG}").stdout
    if DOUBLE in said:
        warnings.warn(f"Terraform ran with a {DOUBLE}, for helm and kubernetes", stacklevel=1)
    return root


@pytest.fixture
def root(prepared: Root, tmp_path: Path) -> Root:
    """A working copy of the root with a state of its own."""
    return prepared.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def terraform() -> str:
    """The path of terraform, which needs no provider to format."""
    try:
        return need_terraform()
    except MissingError as missing:
        pytest.skip(str(missing))
