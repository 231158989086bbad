"""The load balancer controller's policy, as the provider writes it, answers what the controller asks."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.integration.aws.conftest import AWS, Run

from flaskship.aws.rehearsal.balancer_facts import questions
from flaskship.aws.rehearsal.permissions import allowed

pytestmark = pytest.mark.timeout(300)
POLICY = AWS / "stacks" / "platform" / "load_balancer_policy.tf"
# Nothing of these asks an API: the documents are made by the provider itself.
AROUND = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-west-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  name    = "my-app-prod"
  account = "123456789012"
}

output "document" {
  value = data.aws_iam_policy_document.load_balancer_controller.json
}
"""


@pytest.fixture(scope="module")
def document(run_terraform: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("policy")
    shutil.copy(POLICY, folder)
    (folder / "around.tf").write_text(AROUND)
    for arguments in (["init"], ["apply", "-auto-approve"]):
        done = run_terraform(*arguments, "-input=false", "-no-color", folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    told = run_terraform("output", "-raw", "document", folder=folder)
    return dict(json.loads(told.stdout))


@pytest.mark.parametrize("question", list(questions("my-app-prod")), ids=lambda one: one[1].split(":")[1])
def test_an_answer(document: dict[str, Any], question: tuple[bool, str, str, dict[str, str]]) -> None:
    may, action, resource, context = question
    assert allowed([document], action, resource, context) is may, question


def test_a_policy_that_forgets_listeners_is_found(document: dict[str, Any]) -> None:
    poorer = json.loads(
        json.dumps(document).replace(', "CreateListener"', "").replace('"CreateListener", ', "")
    )
    assert poorer != document
    wrong = [(one[1], one[3]) for one in questions("my-app-prod") if allowed([poorer], *one[1:]) != one[0]]
    assert [action for action, _ in wrong] == ["elasticloadbalancing:AddTags"]
