"""The terraform lines of the documents are lines that this root takes; the tests on a cluster run them."""

import re
from pathlib import Path

import pytest
from tests.docs import reading
from tests.terraform import SOURCE

from .test_static import variables

# The stacks below aws/ have documents of their own.
HERE = [path for path in reading.DOCUMENTS if "terraform" in path.read_text() and "aws" not in str(path)]
VERBS = {
    "init",
    "state",
    "plan",
    "apply",
    "destroy",
    "show",
    "output",
    "workspace",
    "import",
    "providers",
    "fmt",
    "validate",
    "test",
}
OUTPUTS = set(re.findall(r'^output "(\w+)"', (SOURCE / "outputs.tf").read_text(), re.M))


@pytest.mark.parametrize("document", HERE, ids=reading.name)
def test_terraforms_lines_name_what_is_there(document: Path) -> None:
    for arguments in reading.commands(document.read_text(), "terraform"):
        line = " ".join(arguments)
        plain = [word for word in arguments if not word.startswith("-")]
        assert plain[0] in VERBS, line
        if plain[0] == "output":
            assert set(plain[1:]) <= OUTPUTS, line
        for file in re.findall(r"-(?:var-file|backend-config)=(environments/\S+)", line):
            assert (SOURCE / file).is_file(), line
        for name in re.findall(r"-var[ =](\w+)=", line):
            assert name in variables(), line


def test_the_guides_lines_stand_in_the_how_to() -> None:
    page = next(path for path in reading.DOCUMENTS if path.name == "terraform.md")
    lines = set(reading.lines_of_blocks(page.read_text()))
    assert {
        "cd infra/terraform",
        "terraform init",
        'terraform plan -var-file="environments/dev.tfvars"',
        'terraform apply -var-file="environments/staging.tfvars"',
        "terraform output managed_applications",
        "terraform output access_instructions",
    } <= lines
    assert not any("-auto-approve" in line for line in lines)
