import pytest
from tests.unit.aws.diagrams.plans import app_module, resource, stacks

from flaskship.aws.diagrams.catalogue import DRAWN, NOT_DRAWN
from flaskship.aws.diagrams.model import Item, Role
from flaskship.aws.diagrams.reduction import _ITEMS, reduce
from flaskship.model.errors import ConfigurationError


def test_the_cluster_with_its_nodes_and_what_runs_in_it() -> None:
    cluster = reduce("dev", stacks()).cluster
    (nodes,) = cluster.nodes
    assert (nodes.name, nodes.smallest, nodes.largest, nodes.disk) == ("spot", 0, 4, "encrypted gp3 50 GiB")
    assert nodes.zones == ("us-west-2a", "us-west-2b")
    assert cluster.facts == (
        "API reachable inside the VPC alone",
        "secrets encrypted with a KMS key",
        "logs: api, controller manager",
    )
    assert cluster.addons == ("coredns",)
    assert cluster.karpenter == ("interruptions (SQS): health",)


def test_the_database_says_what_holds_and_nothing_else() -> None:
    database = reduce("dev", stacks()).database
    assert database.size == "db.t4g.micro, gp3 20 to 50 GiB"
    assert database.facts == (
        "TLS forced",
        "encrypted with a KMS key",
        "backups kept 1 days",
        "no public address",
    )
    assert not database.spread


def test_the_number_of_an_account_is_in_no_picture() -> None:
    assert Item("buckets", "app", "my-app-bucket-dev-ACCOUNT") in reduce("dev", stacks()).items


def test_roles_and_resources_are_counted_by_stack() -> None:
    found = reduce("dev", stacks())
    assert Role("app", "my-app-eks-pod-role", "Pods") in found.roles
    assert dict(found.resources)["app"] == 6


def test_a_kind_that_nobody_decided_about_is_refused_by_name() -> None:
    more = app_module(resource("module.x.aws_lambda_function.this", function_name="f"))
    with pytest.raises(ConfigurationError, match=r"module\.x\.aws_lambda_function\.this: .*neither drawn"):
        reduce("dev", stacks(app=more))


def test_two_databases_are_refused() -> None:
    more = app_module(resource("module.second.aws_db_instance.this", identifier="second"))
    with pytest.raises(ConfigurationError, match="2 resources of the kind aws_db_instance"):
        reduce("dev", stacks(app=more))


def test_no_kind_is_both_and_every_reason_is_said() -> None:
    assert not DRAWN.keys() & NOT_DRAWN.keys()
    assert all(NOT_DRAWN.values())
    assert _ITEMS.keys() <= DRAWN.keys()
