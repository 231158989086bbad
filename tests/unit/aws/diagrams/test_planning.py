import json

from flaskship.aws.diagrams.planning import _handed, _quoted
from flaskship.aws.diagrams.resources import Resource
from flaskship.aws.rehearsal.stacks import STACKS

NETWORK = next(stack for stack in STACKS if stack.name == "network")


def parameter(label: str, value: dict) -> Resource:
    return Resource(
        "network", f"aws_ssm_parameter.{label}", "aws_ssm_parameter", {"value": json.dumps(value)}
    )


def test_what_is_handed_on_has_the_form_that_later_stacks_want() -> None:
    told = {
        "vpc_id": "vpc-1",
        "private_subnets": {"us-west-2a": "x759"},
        "security_groups": {"nodes": "apdc", "alb": "sg-1"},
    }
    handed = json.loads(_handed(NETWORK, [parameter("handover", told)])["network"])
    assert handed["private_subnets"] == {"us-west-2a": "subnet-x759"}
    assert handed["security_groups"] == {"nodes": "sg-apdc", "alb": "sg-1"}
    assert handed["vpc_id"] == "vpc-1"


def test_a_stack_that_hands_nothing_on() -> None:
    assert _handed(NETWORK, [parameter("environment", {})]) == {}


def test_no_value_is_a_template_in_terraforms_eyes() -> None:
    assert _quoted('{"a": "${b} %{c}"}') == '"{\\"a\\": \\"$${b} %%{c}\\"}"'
