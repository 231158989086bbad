"""The pictures as such: everything of the model is in them, and no words lie on others or beside the page."""

import re
from dataclasses import replace
from itertools import combinations

import pytest
from tests.docs.reading import ROOT
from tests.unit.aws.diagrams.plans import stacks

from flaskship.aws.diagrams.canvas import Canvas
from flaskship.aws.diagrams.gallery import read_record
from flaskship.aws.diagrams.infrastructure_picture import draw_infrastructure
from flaskship.aws.diagrams.model import Group, Infrastructure, Rule, Subnet
from flaskship.aws.diagrams.network_picture import draw_network, size_of
from flaskship.aws.diagrams.reduction import reduce


def kept() -> Infrastructure:
    record = read_record(ROOT)
    assert record
    return record.drawn


def three_zones(found: Infrastructure) -> Infrastructure:
    network = found.network
    more = tuple(
        Subnet(one.tier, "us-west-2c", one.cidr.replace("10.0.", "10.9."), one.way_out)
        for one in network.subnets
        if one.zone == "us-west-2b"
    )
    return replace(found, network=replace(network, subnets=network.subnets + more))


def more_groups(found: Infrastructure) -> Infrastructure:
    """A cache beside the database, a rule past a layer, one within a layer, a group that nobody reaches."""
    network = found.network
    groups = (*network.groups, Group("cache", "Redis"), Group("alone", "Nobody comes in", ("anywhere",)))
    rules = (
        *network.rules,
        Rule("nodes", "cache", ("6379",)),
        Rule("alb", "cache", ("6380",)),
        Rule("anywhere", "database", ("udp 53", "1025-65535", "7000")),
        Rule("database", "cache", ("6381",)),
    )
    return replace(found, network=replace(network, groups=groups, rules=tuple(sorted(rules, key=str))))


MODELS = {
    "small": lambda: reduce("dev", stacks()),
    "kept": kept,
    "three zones": lambda: three_zones(kept()),
    "more groups": lambda: more_groups(kept()),
}


def words(canvas: Canvas) -> str:
    return " ".join(label[4] for label in canvas.labels)


def in_order(canvas: Canvas, width: float, height: float) -> None:
    for left, top, right, bottom, text in canvas.labels:
        assert min(left, top, width - right, height - bottom) >= 0, f"{text} is off the page"
    for one, other in combinations(canvas.labels, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[4]!r} lies on {other[4]!r}"


@pytest.mark.parametrize("name", MODELS)
def test_the_network_has_all_and_no_words_on_others(name: str) -> None:
    found = MODELS[name]()
    canvas = draw_network(found)
    in_order(canvas, *size_of(found))
    said = words(canvas)
    for subnet in found.network.subnets:
        assert subnet.cidr in said
        assert subnet.zone in said
    for group in found.network.groups:
        assert group.name in said
    for rule in found.network.rules:
        assert all(ports in said for ports in rule.ports)
    for endpoint in found.network.endpoints:
        assert endpoint.service in said


@pytest.mark.parametrize("name", MODELS)
def test_the_infrastructure_has_all_and_no_words_on_others(name: str) -> None:
    found = MODELS[name]()
    canvas, width, height = draw_infrastructure(found)
    in_order(canvas, width, height)
    said = words(canvas).replace(" ", "")
    for item in found.items:
        text = item.text.split("/")[-1] if item.service == "queries" else item.text
        assert text.replace(" ", "") in said, item
    for role in found.roles:
        assert role.name in said
    for name in (*found.cluster.addons, *found.cluster.charts):
        assert name.replace(" ", "") in said


def test_a_gateway_for_all_zones_is_reached_from_each() -> None:
    found = MODELS["small"]()
    assert draw_network(found).svg(1, 1).count('class="network-s"') >= 3


def test_what_migrates_has_a_log_group_and_is_no_application() -> None:
    canvas, *_ = draw_infrastructure(kept())
    said = words(canvas)
    assert re.search(r"(?<!/)\bmy-tomorrows-api\b", said)
    assert re.search(r"/my-app/prod/\s*migrate", said)
    assert not re.search(r"(?<![/\w])migrate\b", re.sub(r"/my-app/prod/\s*", "/my-app/prod/", said))
