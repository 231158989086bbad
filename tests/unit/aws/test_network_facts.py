"""Each hole that a network may have is a fact that does not hold."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from flaskship.aws.rehearsal.network_facts import EGRESS, _groups, _tags_of_groups, _ways, expected_rules
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.reach import Opening

NAME = "my-app-dev"
Groups = dict[str, dict[str, Any]]


def described(rule: Opening) -> dict[str, Any]:
    """A rule as EC2 describes it."""
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.first, "ToPort": rule.last}
    group = rule.source.startswith(NAME)
    other = (
        {"UserIdGroupPairs": [{"GroupId": f"sg-{rule.source}"}]}
        if group
        else {"IpRanges": [{"CidrIp": rule.source}]}
    )
    return {"IpProtocol": rule.protocol, **ports, **other}


def sound() -> Groups:
    found: Groups = {}
    for short, rules in expected_rules(NAME).items():
        name = "default" if short == "default" else f"{NAME}-{short}"
        found[short] = {
            "GroupId": f"sg-{name}",
            "GroupName": name,
            "Tags": [],
            "IpPermissions": [described(rule) for rule in rules],
            "IpPermissionsEgress": [described(rule) for rule in EGRESS[short]],
        }
    found["nodes"]["Tags"] = [
        {"Key": "karpenter.sh/discovery", "Value": NAME},
        {"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"},
    ]
    return found


def broken(facts: list[Fact]) -> list[str]:
    return [fact.says for fact in facts if not fact.holds]


def asked(groups: Groups) -> list[str]:
    listed = list(groups.values())
    return broken([*_groups(listed, NAME), *_tags_of_groups(listed, NAME)])


def test_a_sound_network_has_no_finding() -> None:
    assert asked(sound()) == []


OPEN = described(Opening("-1", 0, 65535, "0.0.0.0/0"))


@pytest.mark.parametrize(
    ("hole", "told"),
    [
        (lambda g: g["nodes"]["IpPermissionsEgress"].clear(), "nodes lets out exactly what begins there"),
        (lambda g: g["database"]["IpPermissionsEgress"].append(OPEN), "database lets out nothing"),
        (lambda g: g["endpoints"]["IpPermissionsEgress"].append(OPEN), "endpoints lets out nothing"),
        (
            lambda g: g["endpoints"]["IpPermissions"].append(
                described(Opening("tcp", 0, 65535, "0.0.0.0/0"))
            ),
            "endpoints lets in nothing else",
        ),
        (lambda g: g["default"]["IpPermissionsEgress"].append(OPEN), "default lets out nothing"),
        (lambda g: g["nodes"]["Tags"].pop(0), "Karpenter finds the nodes' group by its tag"),
        (
            lambda g: g["nodes"]["Tags"].pop(1),
            "the nodes' group alone is the cluster's, as the load balancer controller wants it",
        ),
        (
            lambda g: g["database"]["Tags"].extend(g["nodes"]["Tags"][1:]),
            "the nodes' group alone is the cluster's, as the load balancer controller wants it",
        ),
        (
            lambda g: g.update(extra={"GroupId": "sg-x", "GroupName": "by-hand", "IpPermissions": []}),
            "there is no other group",
        ),
    ],
)
def test_a_hole_is_told(hole: Callable[[Groups], object], told: str) -> None:
    groups = copy.deepcopy(sound())
    hole(groups)
    assert asked(groups) == [told]


PRIVATE = {"0.0.0.0/0": "nat-1", "pl-1": "vpce-1"}


@pytest.mark.parametrize(
    ("tier", "ways", "told"),
    [
        ("database", [{}, {}], []),
        ("private", [PRIVATE, PRIVATE], []),
        ("public", [{"0.0.0.0/0": "igw-1"}], []),
        # The internet in two halves.
        (
            "database",
            [{}, {"0.0.0.0/1": "igw-1", "128.0.0.0/1": "igw-1"}],
            ["database subnets have no way out, to no range at all"],
        ),
        ("database", [], ["database subnets have no way out, to no range at all"]),
        (
            "private",
            [{**PRIVATE, "10.9.0.0/16": "pcx-1"}, PRIVATE],
            ["private subnets go out by nothing else"],
        ),
        ("public", [{"0.0.0.0/0": "igw-1", "::/0": "igw-1"}], ["public subnets go out by nothing else"]),
        ("private", [{"0.0.0.0/0": "igw-1"}], ["private subnets go out by NAT"]),
    ],
)
def test_every_route_counts(tier: str, ways: list[dict[str, str]], told: list[str]) -> None:
    assert broken(_ways(tier, ways, "dev")) == told
