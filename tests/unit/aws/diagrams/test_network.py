import pytest
from tests.unit.aws.diagrams.plans import network_module, rule, stacks

from flaskship.aws.diagrams.model import Endpoint, Rule
from flaskship.aws.diagrams.network import network_of
from flaskship.model.errors import ConfigurationError


def network(*more):
    return network_of(stacks(network_module(*more))["network"])


def test_a_way_out_is_that_of_the_subnets_table() -> None:
    ways = {(one.tier, one.zone): one.way_out for one in network().subnets}
    assert ways["public", "us-west-2b"] == "0.0.0.0/0 to the internet gateway"
    assert ways["private", "us-west-2b"] == "0.0.0.0/0 to the NAT gateway in us-west-2a"
    assert ways["database", "us-west-2a"] == ""


def test_a_nat_gateway_stands_in_its_subnet_alone() -> None:
    assert [(one.tier, one.zone) for one in network().subnets if one.nat] == [("public", "us-west-2a")]


def test_rules_between_the_same_two_are_one_with_its_ports_in_order() -> None:
    rules = network().rules
    assert Rule("control-plane", "nodes", ("443", "9443", "10250")) in rules
    assert Rule("alb", "nodes", ("1025-65535",)) in rules
    assert Rule("nodes", "nodes", ("all",)) in rules
    assert Rule("anywhere", "alb", ("443",)) in rules


def test_a_range_of_a_subnet_is_called_by_its_tier_and_another_as_it_is() -> None:
    named = {"security_group_id": "sg-alb", "ip_protocol": "udp", "from_port": 53, "to_port": 53}
    rules = network(
        rule("dns", **named, cidr_ipv4="10.0.10.0/24"), rule("office", **named, cidr_ipv4="192.0.2.0/24")
    ).rules
    assert Rule("private subnets", "alb", ("udp 53",)) in rules
    assert Rule("192.0.2.0/24", "alb", ("udp 53",)) in rules


def test_what_a_group_begins_is_its_rules_of_egress() -> None:
    reaches = {one.name: one.reaches for one in network().groups}
    assert reaches["nodes"] == ("anywhere",)
    assert reaches["database"] == ()


def test_rules_that_stand_in_a_group_are_drawn_as_those_of_their_own() -> None:
    from tests.unit.aws.diagrams.plans import resource

    none = {key: [] for key in ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")}
    shared = none | {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "self": False}
    cache = resource(
        "module.security_groups.aws_security_group.cache",
        id="sg-cache",
        name="my-app-dev-cache",
        description="Cache",
        ingress=[shared | {"security_groups": ["sg-nodes"]}, shared | {"self": True}],
        egress=[none | {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
    )
    found = network(cache)
    assert Rule("nodes", "cache", ("5432",)) in found.rules
    assert Rule("cache", "cache", ("5432",)) in found.rules
    assert {one.name: one.reaches for one in found.groups}["cache"] == ("anywhere",)


def test_an_endpoint_is_called_by_its_service() -> None:
    assert network().endpoints == (Endpoint("s3", "Gateway"),)


def test_two_vpcs_are_refused() -> None:
    from tests.unit.aws.diagrams.plans import resource

    with pytest.raises(ConfigurationError, match="2 VPCs"):
        network(resource("aws_vpc.other", id="other", cidr_block="10.1.0.0/16"))
