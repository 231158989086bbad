"""The page's own lines as they stand there: states, saved plans, a destroy on purpose (make rehearse)."""

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS

from flaskship.aws.rehearsal.children import api_server
from flaskship.aws.rehearsal.workspace import copy_code, environment_for
from flaskship.aws.terraform import Terraform

pytestmark = pytest.mark.timeout(900)

PAGE = (AWS.parents[2] / "docs" / "how-to" / "aws.md").read_text()
# What the page leaves to whoever reads it.
GIVEN = {
    "=BUCKET": "=my-app-terraform-state-123456789012",
    "OWNER": "example",
    "NAME": "my-app",
}
Type = Callable[..., str]


@pytest.fixture(scope="module")
def stacks(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict]]:
    folder = tmp_path_factory.mktemp("page")
    with api_server(folder) as port:
        yield copy_code(AWS.parents[1], folder), environment_for(terraform, folder, port, {"PATH": ""})


@pytest.fixture(scope="module")
def type_in(terraform: Terraform, stacks: tuple[Path, dict]) -> Type:
    """Type a line of the page in a stack's folder; what was said is returned, and how it ended is judged."""
    code, environ = stacks

    def run(stack: str, line: str, *, of_page: str = "", fails: bool = False, answer: str = "") -> str:
        assert f"\n{of_page or line}\n" in PAGE, f"the page has no such line: {of_page or line}"
        for word, meant in GIVEN.items():
            line = line.replace(word, meant)
        _, *arguments = shlex.split(line)
        done = subprocess.run(
            [str(terraform.binary), *arguments],
            cwd=code / stack,
            env={name: value for name, value in environ.items() if name != "TF_INPUT"},
            input=answer,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert (done.returncode != 0) == fails, f"{line}: {done.stdout}{done.stderr}"
        return " ".join((done.stdout + done.stderr).split())

    return run


INIT = "terraform init -backend-config=bucket=BUCKET -backend-config=region=us-west-2 -backend-config=key={}"
ACCOUNT = (
    "terraform plan -out=account.tfplan"
    """ -var='repository={owner="OWNER",name="NAME",owner_id="123",id="456"}\'"""
)
PLAN_DEV = "terraform plan -var-file=environments/dev.tfvars -out=dev.tfplan"
APPLY_DEV = "terraform apply dev.tfplan"
DESTROY = "terraform plan -destroy -var-file=environments/prod.tfvars -out=destroy.tfplan"


def of_prod(line: str) -> str:
    return line.replace("dev", "prod")


def test_the_pages_lines_in_their_order(type_in: Type, stacks: tuple[Path, dict]) -> None:
    type_in("bootstrap", "terraform init")
    type_in("bootstrap", "terraform apply", answer="yes\n")
    assert "-backend-config=bucket=my-app-terraform-state-" in type_in("bootstrap", "terraform output init")

    type_in("account", INIT.format("account.tfstate"))
    type_in("account", ACCOUNT)
    assert "Apply complete!" in type_in("account", "terraform apply account.tfplan")

    dev, prod = INIT.format("network/dev.tfstate"), INIT.format("network/prod.tfstate")
    type_in("network", dev)
    type_in("network", PLAN_DEV)
    assert "Apply complete!" in type_in("network", APPLY_DEV)
    # Another environment is another state.
    assert "terraform init -reconfigure` with its key" in PAGE
    type_in("network", prod.replace("init", "init -reconfigure"), of_page=dev)
    type_in("network", of_prod(PLAN_DEV), of_page=PLAN_DEV)
    # What was read is what is applied, without a question, and a plan that is out of date is refused.
    second = of_prod(PLAN_DEV).replace("prod.tfplan", "second.tfplan")
    type_in("network", second, of_page=PLAN_DEV)
    assert "Apply complete!" in type_in("network", of_prod(APPLY_DEV), of_page=APPLY_DEV)
    late = type_in("network", "terraform apply second.tfplan", of_page=APPLY_DEV, fails=True)
    assert "Saved plan is stale" in late

    assert "terraform -chdir=infra/terraform/aws/stacks/network output -json helm_values > " in PAGE
    told = type_in("network", "terraform output -json helm_values", of_page=PLAN_DEV)
    assert set(json.loads(told)["networkPolicy"]) == {"ingressCidrs", "databaseCidrs"}

    refused = type_in("network", DESTROY, fails=True)
    assert "Instance cannot be destroyed" in refused
    type_in("network", "terraform state rm terraform_data.protection")
    type_in("network", DESTROY)
    assert "Apply complete! Resources: 0 added, 0 changed" in type_in(
        "network", "terraform apply destroy.tfplan"
    )
    assert not type_in("network", "terraform state list", of_page=PLAN_DEV)
