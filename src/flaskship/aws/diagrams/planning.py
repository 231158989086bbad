"""Terraform asked what it would make: every stack of an environment, with a provider that makes nothing.

`terraform test` with a mocked provider plans and applies in memory and says the whole state: no account, no
API, no network. What later stacks read of earlier ones is handed on as the code itself does it.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flaskship.aws.diagrams.resources import Resource, resources
from flaskship.aws.diagrams.sources import CODE, TABLE, helm_releases
from flaskship.aws.literals import read_defaults
from flaskship.aws.rehearsal.children import run_terraform
from flaskship.aws.rehearsal.run import Listener, inputs
from flaskship.aws.rehearsal.stacks import REGION, STACKS, Stack
from flaskship.aws.terraform import Missing, Terraform, cli_configuration, find_terraform
from flaskship.model.errors import FlaskshipError, PreflightError

ZONE = "Z0123456789ABCDEFGHIJ"
FILE = "picture.tftest.hcl"
# Ephemeral values cannot be mocked, and no picture shows one: their provider is asked for nothing.
VALUES = f"""
provider "aws" {{
  alias                       = "values"
  region                      = "{REGION}"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}}

override_resource {{
  target = module.secrets.aws_secretsmanager_secret.this
}}

override_resource {{
  target = module.secrets.aws_secretsmanager_secret_version.managed
}}
"""

# What was applied in memory is destroyed there, too.
UNPROTECTED = """
resource "terraform_data" "protection" {
  lifecycle {
    prevent_destroy = false
  }
}
"""


class PlanError(FlaskshipError):
    """Terraform could not plan a stack; what it said is in the message."""

    code = "PlanFailed"


def plan(
    infra: Path, environment: str, inherited: Mapping[str, str], listener: Listener
) -> dict[str, list[Resource]]:
    """Return stack -> its resources, in the order of making; PreflightError where there is no terraform."""
    terraform = find_terraform(inherited)
    if isinstance(terraform, Missing):
        raise PreflightError(terraform.what, hint=terraform.hint)
    found: dict[str, list[Resource]] = {}
    with tempfile.TemporaryDirectory(prefix="flaskship-pictures-") as name:
        folder = Path(name)
        code = _copy(infra, folder)
        environ = _environ(terraform, folder, inherited)
        handed: dict[str, str] = {}
        for stack in STACKS:
            listener.step(f"{stack.name}: planning")
            state = _state(terraform, code / "stacks" / stack.name, stack, environment, environ, handed)
            found[stack.name] = list(resources(stack.name, state["root_module"]))
            handed |= _handed(stack, found[stack.name])
    found["charts"] = helm_releases(infra)
    return found


def _copy(infra: Path, folder: Path) -> Path:
    there = folder / "infra" / CODE
    shutil.copytree(infra / CODE, there, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests"))
    shutil.copy(infra / TABLE, folder / "infra")
    (there / "modules" / "secrets" / "picture_override.tf").write_text("locals {\n  random = {}\n}\n")
    for file in there.glob("stacks/*/protection.tf"):
        (file.parent / "picture_override.tf").write_text(UNPROTECTED)
    return there


def _environ(terraform: Terraform, folder: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    (folder / "plugins").mkdir()
    configuration = folder / "terraform.rc"
    configuration.write_text(cli_configuration(terraform.mirror, folder / "plugins"))
    # Nobody listens there: a call that a mock does not answer fails instead of leaving this machine.
    nobody = "http://127.0.0.1:9"
    return {
        "PATH": inherited.get("PATH", ""),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": nobody,
        "HTTPS_PROXY": nobody,
    }


def _state(
    terraform: Terraform,
    folder: Path,
    stack: Stack,
    environment: str,
    environ: Mapping[str, str],
    handed: Mapping[str, str],
) -> dict[str, Any]:
    text = 'mock_provider "aws" {\n  source = "../../mocks"\n}\n'
    text += "".join(
        f"\noverride_data {{\n  target = data.aws_ssm_parameter.{name}\n"
        f"  values = {{ value = {_quoted(value)} }}\n}}\n"
        for name, value in handed.items()
        if name in stack.needs
    )
    if stack.name == "app":
        text += VALUES + _certificate(folder)
    (folder / FILE).write_text(text + '\nrun "picture" {\n  command = apply\n}\n')
    zone = ZONE if environment == "prod" else ""
    arguments = [str(terraform.binary), "init", "-backend=false", "-no-color"]
    done = run_terraform(arguments, folder, environ)
    if not done.code:
        arguments = [str(terraform.binary), "test", "-json", "-verbose", f"-filter={FILE}"]
        done = run_terraform([*arguments, *inputs(stack, environment, zone)], folder, environ)
    for message in done.messages:
        if message.get("type") == "test_state" and not done.code:
            state: dict[str, Any] = message["test_state"]
            return state
    raise PlanError(
        f"{stack.name}: terraform could not plan it: {' '.join(' '.join(done.errors()).split())[:600]}",
        hint=f"try it with: terraform -chdir=infra/terraform/aws/stacks/{stack.name} validate",
    )


def _certificate(folder: Path) -> str:
    """What AWS would ask as a proof of the names, which no mock can know."""
    domain = read_defaults(folder / "variables.tf")["domain"]
    return f"""
override_resource {{
  target = aws_acm_certificate.this
  values = {{
    domain_validation_options = [for name in ["api.{domain}", "admin.{domain}"] : {{
      domain_name           = name
      resource_record_name  = "_proof"
      resource_record_type  = "CNAME"
      resource_record_value = "_proof"
    }}]
  }}
}}
"""


def _handed(stack: Stack, found: list[Resource]) -> dict[str, str]:
    """Return what the stack hands on; ids of mocks get the form that the next stack's validations want."""
    for one in found:
        if one.kind == "aws_ssm_parameter" and one.label == "handover":
            told = json.loads(one.values["value"])
            told["security_groups"] = _shaped(told.get("security_groups", {}), "sg-")
            for tier in [name for name in told if name.endswith("_subnets")]:
                told[tier] = _shaped(told[tier], "subnet-")
            return {stack.name: json.dumps(told)}
    return {}


def _shaped(ids: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name: one if one.startswith(prefix) else prefix + one for name, one in ids.items()}


def _quoted(text: str) -> str:
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")
