"""The estimate is made of what the stacks here really hold, and its page and picture are not stale."""

import re

import pytest
from tests.docs.reading import ROOT

from flaskship.aws.cost.bill import ALARMS, DASHBOARDS, METRICS, NODE_DISK_GIB, OF_AN_API, OF_AN_APPLICATION
from flaskship.cli import aws_cost_reference
from flaskship.tasks.cost import Estimate

AWS = ROOT / "infra" / "terraform" / "aws"
# What the bill counts, by the type that makes it.
PRICED = {
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_metric_alarm",
    "aws_db_instance",
    "aws_ecr_repository",
    "aws_eip",
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_flow_log",
    "aws_kms_key",
    "aws_launch_template",
    "aws_nat_gateway",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_vpc_endpoint",
    "aws_xray_sampling_rule",
}
# What costs nothing by itself, or so little in a month that a cent does not show it.
FREE = {
    "aws_acm_certificate": "certificates for load balancers are free",
    "aws_budgets_budget": "the first two are free",
    "aws_ce_": "anomaly detection is free",
    "aws_cloudwatch_event_": "events of AWS's own services are free",
    "aws_cloudwatch_query_definition": "paid by what a query scans",
    "aws_db_parameter_group": "settings",
    "aws_db_subnet_group": "settings",
    "aws_ecr_lifecycle_policy": "settings",
    "aws_ecr_repository_policy": "settings",
    "aws_eks_access_": "settings",
    "aws_eks_addon": "software; what it runs on is paid",
    "aws_iam_": "rights are free",
    "aws_internet_gateway": "paid by traffic",
    "aws_kms_alias": "a name",
    "aws_route": "settings",
    "aws_s3_bucket_": "settings",
    "aws_secretsmanager_secret_version": "the secret is paid",
    "aws_security_group": "settings",
    "aws_default_security_group": "settings",
    "aws_sns_topic": "mails by the thousand are free",
    "aws_sqs_queue": "the first million is free",
    "aws_ssm_parameter": "standard parameters are free",
    "aws_subnet": "settings",
    "aws_vpc": "settings",
    "aws_vpc_security_group_": "settings",
    "aws_xray_group": "settings",
    "terraform_data": "nothing at AWS",
}


@pytest.fixture(scope="module")
def found() -> list[Estimate]:
    return aws_cost_reference.estimates(ROOT)


def types() -> set[str]:
    """Every type of resource in what an environment is made of."""
    files = [
        *AWS.glob("modules/**/*.tf"),
        *(file for stack in ("network", "platform", "app") for file in (AWS / "stacks" / stack).glob("*.tf")),
    ]
    return {
        kind for file in files for kind in re.findall(r'^resource "(\w+)"', file.read_text(), re.MULTILINE)
    }


def test_nothing_is_forgotten() -> None:
    unknown = {kind for kind in types() - PRICED if not any(kind.startswith(free) for free in FREE)}
    assert unknown == set(), "price them in bill.py, or say here why they are free"
    assert types() >= PRICED


def test_what_the_bill_counts_is_what_the_stacks_say() -> None:
    alarms = (AWS / "stacks/app/alarms.tf").read_text()
    each = len(re.findall(r"^ +description = ", alarms, re.MULTILINE))
    of_apis = alarms.count('if endswith(application, "-api")')
    of_all = alarms.count("for application in var.applications") - of_apis
    assert (each - of_apis - of_all, of_apis, of_all) == (ALARMS, OF_AN_API, OF_AN_APPLICATION)
    assert (AWS / "stacks/app/logs.tf").read_text().count('"aws_cloudwatch_log_metric_filter"') == METRICS
    dashboards = "".join(file.read_text() for file in (AWS / "stacks/app").glob("*.tf"))
    assert dashboards.count('resource "aws_cloudwatch_dashboard"') == DASHBOARDS
    disk = re.search(
        r'"disk_gib" \{[^}]*default\s+= (\d+)', (AWS / "modules/node-group/variables.tf").read_text()
    )
    assert disk
    assert int(disk[1]) == NODE_DISK_GIB
    assert "disk_gib" not in "".join(file.read_text() for file in (AWS / "stacks/platform").glob("*.tf"))


def test_every_environment_fits_its_budget_and_costs_more_than_the_one_before(found: list[Estimate]) -> None:
    totals = [one.bill.total for one in found]
    assert [one.bill.environment for one in found] == ["dev", "staging", "prod"]
    assert totals == sorted(totals)
    for one in found:
        assert one.budget is not None
        assert one.bill.total < one.budget


def test_each_environment_pays_for_its_own_secrets(found: list[Estimate]) -> None:
    secrets = {
        one.bill.environment: next(item.count for item in one.bill.items if item.what == "secret")
        for one in found
    }
    assert secrets == {"dev": 1, "staging": 4, "prod": 4}
    assert "manage_master_user_password" in (AWS / "modules/database/main.tf").read_text()


def test_each_environment_has_its_applications(found: list[Estimate]) -> None:
    assert [len(one.shares.applications) for one in found] == [2, 3, 4]
    assert all(one.shares.used < 1 for one in found), "what the values ask for finds room on the nodes"


def test_the_page_and_the_picture_are_not_stale(found: list[Estimate]) -> None:
    hint = "run: make docs"
    assert (ROOT / aws_cost_reference.PAGE).read_text() == aws_cost_reference.page(found), hint
    assert (ROOT / aws_cost_reference.PICTURE).read_text() == aws_cost_reference.picture(found), hint
