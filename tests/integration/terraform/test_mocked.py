"""The root's own tests, with mocked providers: `terraform test`, file for file."""

import re

import pytest
from tests.terraform import SOURCE, Root

SUITES = sorted(path.name for path in (SOURCE / "tests").glob("*.tftest.hcl"))


@pytest.mark.parametrize("suite", SUITES)
def test_terraform_test(suite: str, root: Root) -> None:
    declared = len(re.findall(r'^run "', (SOURCE / "tests" / suite).read_text(), re.M))
    done = root.run("test", f"-filter=tests/{suite}")
    assert done.returncode == 0, done.stdout
    assert f"Success! {declared} passed, 0 failed." in done.stdout, done.stdout


def test_every_variable_with_a_rule_is_given_bad_input() -> None:
    text = (SOURCE / "variables.tf").read_text()
    ruled = {
        m[1] for m in re.finditer(r'^variable "(\w+)" \{.*?^\}', text, re.M | re.S) if "validation {" in m[0]
    }
    refused = set(
        re.findall(r"expect_failures = \[var\.(\w+)\]", (SOURCE / "tests" / "input.tftest.hcl").read_text())
    )
    assert ruled == refused
