"""The page's own lines as they stand there: states, saved plans, a destroy on purpose (make rehearse)."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS

from flaskship.aws.rehearsal.children import api_server
from flaskship.aws.rehearsal.workspace import OVERRIDE, PROVIDER, copy_code, environment_for
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


TO_NODES = "referenced_security_group_id = aws_security_group.nodes.id"
ANYWHERE = """cidr_ipv4 = "0.0.0.0/0\""""
LOCAL = """terraform {
  backend "local" {}
}
"""
# The rules as resources of their own, as an older environment has them: address, group, port, source, words.
BEFORE = [
    ("ingress_rule.database_from_nodes", "database", 5432, TO_NODES, "PostgreSQL from nodes"),
    (
        "ingress_rule.control_plane_from_nodes",
        "control_plane",
        443,
        TO_NODES,
        "The Kubernetes API, from nodes",
    ),
    ("egress_rule.control_plane", "control_plane", 0, ANYWHERE, "Cluster management"),
    (
        "ingress_rule.load_balancer_http",
        "load_balancer",
        80,
        ANYWHERE,
        "HTTP from anywhere, redirected to HTTPS",
    ),
    ("ingress_rule.load_balancer_https", "load_balancer", 443, ANYWHERE, "HTTPS from anywhere"),
    ("egress_rule.load_balancer", "load_balancer", 0, ANYWHERE, "To the targets"),
]


def as_before(group: str, text: str) -> str:
    """Return a group's file with its rules as resources beside it."""
    text = re.sub(r"^  (ingress|egress) \{\n.*?^  \}\n|^  egress = \[\]\n", "", text, flags=re.M | re.S)
    for address, of, port, source, words in BEFORE:
        if of == group:
            kind, name = address.split(".")
            what = (
                f'ip_protocol = "tcp"\nfrom_port = {port}\nto_port = {port}' if port else 'ip_protocol = "-1"'
            )
            text += (
                f'\nresource "aws_vpc_security_group_{kind}" "{name}" {{\n'
                f"security_group_id = aws_security_group.{group}.id\n"
                f'description = "{words}"\n{what}\n{source}\n}}\n'
            )
    return text


def test_an_environment_with_rules_of_their_own_is_taken_over_without_a_gap(
    terraform: Terraform, tmp_path: Path
) -> None:
    with api_server(tmp_path) as port:
        stacks = copy_code(AWS.parents[1], tmp_path)
        environ = environment_for(terraform, tmp_path, port, {"PATH": ""})
        network, module = stacks / "network", stacks.parent / "modules" / "security-groups"
        # Its state is a file: no bucket is needed for this.
        (network / OVERRIDE).write_text(PROVIDER + LOCAL)
        now = {name: (module / f"{name}.tf").read_text() for name in {group for _, group, *_ in BEFORE}}

        def type_in(line: str, code: int = 0) -> str:
            _, *arguments = shlex.split(line)
            done = subprocess.run(
                [str(terraform.binary), *arguments],
                cwd=network,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=600,
            )
            assert done.returncode == code, f"{line}: {done.stdout}{done.stderr}"
            return done.stdout

        for name, text in now.items():
            (module / f"{name}.tf").write_text(as_before(name, text))
        type_in("terraform init")
        type_in("terraform apply -auto-approve -var-file=environments/dev.tfvars")
        for name, text in now.items():
            (module / f"{name}.tf").write_text(text)
        # What the lines are for: without them, rules that are wanted would be taken away.
        plan = "terraform plan -no-color -detailed-exitcode -var-file=environments/dev.tfvars"
        assert f"{len(BEFORE)} to destroy" in type_in(plan, 2)
        lines = [line for line in PAGE.splitlines() if line.startswith("terraform state rm module.")]
        assert lines
        for line in lines:
            type_in(line)
        assert "No changes" in type_in(plan)
