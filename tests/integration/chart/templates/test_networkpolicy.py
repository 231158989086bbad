"""networkpolicy.yaml: nothing passes but what is needed."""

import ipaddress
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

APP = Path(__file__).resolve().parents[4] / "app"


@pytest.fixture
def addresses(monkeypatch) -> Any:
    """The application's own rules for webhooks, which are not of this package."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(APP))
    import tomorrows.outbound.addresses

    yield tomorrows.outbound.addresses
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "tomorrows":
            del sys.modules[name]


def policies(release) -> dict[str, object]:
    return {name: item["spec"] for name, item in release.all("NetworkPolicy").items()}


@pytest.mark.on
def test_everything_is_denied_but_questions_to_dns(render) -> None:
    deny = render(environment="prod").one("NetworkPolicy", "my-app-default-deny")["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    (dns,) = deny["egress"]
    assert [(port["port"], port["protocol"]) for port in dns["ports"]] == [(53, "UDP"), (53, "TCP")]
    assert deny["podSelector"]["matchLabels"] == {"app.kubernetes.io/instance": "prod-apps"}


def test_requests_come_from_siblings_and_the_load_balancer_to_the_containers_port(render) -> None:
    (rule,) = render(environment="prod").one("NetworkPolicy")["spec"]["ingress"]
    assert rule["ports"] == [{"port": 5000, "protocol": "TCP"}]
    assert [peer["ipBlock"]["cidr"] for peer in rule["from"][1:]] == ["10.0.1.0/24", "10.0.2.0/24"]


@pytest.mark.on
def test_only_who_has_a_database_reaches_it(render) -> None:
    release = render(environment="prod")
    rule, _ = release.one("NetworkPolicy")["spec"]["egress"]
    assert rule["ports"] == [{"port": 5432, "protocol": "TCP"}]
    *monitoring, _ = release.one("NetworkPolicy", "my-tomorrows-monitoring")["spec"]["egress"]
    assert monitoring == [
        {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": "prod-apps"}}}]}
    ]


def test_only_the_worker_reaches_the_public_internet_and_nothing_private(render) -> None:
    release = render(environment="prod")
    blocks = release.one("NetworkPolicy", "my-tomorrows-worker")["spec"]["egress"][-1]["to"]
    assert blocks[0]["ipBlock"]["cidr"] == "0.0.0.0/0"
    for private in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"):
        assert private in blocks[0]["ipBlock"]["except"]
    assert len(blocks) == 1
    assert "0.0.0.0/0" not in str(release.one("NetworkPolicy", "my-tomorrows-api"))


@pytest.mark.on
def test_the_network_refuses_the_addresses_that_the_application_refuses(render, addresses) -> None:
    release = render("networkPolicy: {ipv6: true}\n", environment="prod")
    peers = release.one("NetworkPolicy", "my-tomorrows-worker")["spec"]["egress"][-1]["to"]
    closed = [ipaddress.ip_network(one) for peer in peers for one in peer["ipBlock"]["except"]]
    # What is mapped goes out by IPv4, and the API server refuses a policy that names it.
    assert sorted([*map(str, closed), "::ffff:0:0/96"]) == sorted(map(str, addresses.CLOSED))
    # And both mean it: whatever begins or ends at the edge of any network is judged the same by either side.
    tried = [address for network in closed for address in edges(network)]
    assert len(tried) > 100
    for address in tried:
        refused = addresses.refusal(address) is not None
        assert refused == any(address in one for one in closed if one.version == address.version), address


def edges(network: Any) -> list[Any]:
    """The ends of a network, their neighbours and its middle; IPv4-mapped ones go out by IPv4."""
    top = 2**network.max_prefixlen
    first, last = int(network[0]), int(network[-1])
    kind = type(network[0])
    found = [kind(one) for one in (first - 1, first, (first + last) // 2, last, last + 1) if 0 <= one < top]
    return [one for one in found if getattr(one, "ipv4_mapped", None) is None]


def test_no_two_of_the_closed_networks_overlap(addresses) -> None:
    for version in (4, 6):
        ordered = sorted(one for one in addresses.CLOSED if one.version == version)
        assert all(not one.overlaps(other) for one, other in pairwise(ordered))


@pytest.mark.override
def test_ipv6_goes_out_only_where_it_is_said(render) -> None:
    release = render("networkPolicy: {ipv6: true}\n", environment="prod")
    blocks = release.one("NetworkPolicy", "my-tomorrows-worker")["spec"]["egress"][-1]["to"]
    assert blocks[1]["ipBlock"]["cidr"] == "::/0"
    assert "fc00::/7" in blocks[1]["ipBlock"]["except"]


def test_what_webhooks_may_reach_the_network_opens_too(render) -> None:
    allow = "{webhooks: {allow: [10.9.0.0/16, 10.8.0.1, 'fd00::1', hooks.example.com]}}"
    release = render(f"applications: {{my-tomorrows-worker: {allow}}}\n", environment="prod")
    blocks = release.one("NetworkPolicy", "my-tomorrows-worker")["spec"]["egress"][-1]["to"]
    assert [one["ipBlock"]["cidr"] for one in blocks[1:]] == ["10.9.0.0/16", "10.8.0.1/32", "fd00::1/128"]


@pytest.mark.off
def test_dev_has_none(render) -> None:
    assert not render().all("NetworkPolicy")


@pytest.mark.off
def test_one_that_needs_nobody_can_go_without_its_own(render) -> None:
    alone = (
        "{database: false, ingress: {enabled: false}, networkPolicy: {enabled: false}, "
        "aws: {applicationSignals: false}}"
    )
    off = render(f"applications: {{my-tomorrows-api: {alone}}}\n", environment="staging")
    assert "my-tomorrows-api" not in policies(off)


@pytest.mark.override
def test_rules_of_ones_own_are_added(render) -> None:
    rules = "{egress: [{ports: [{port: 6379}]}], from: [{podSelector: {}}]}"
    text = f"applications:\n  my-tomorrows-api:\n    networkPolicy: {rules}\n"
    spec = render(text, environment="staging").one("NetworkPolicy")["spec"]
    assert {"ports": [{"port": 6379}]} in spec["egress"]
    assert {"podSelector": {}} in spec["ingress"][0]["from"]


@pytest.mark.bad
def test_an_application_is_not_cut_off_from_its_database(refused) -> None:
    message = refused("networkPolicy:\n  databaseCidrs: []\n", environment="prod", line=2)
    assert "would be cut off from its database" in message


def test_the_test_pods_may_ask(render) -> None:
    release = render(environment="prod")
    labels = release.one("Pod", "my-tomorrows-api-test")["metadata"]["labels"]
    selector = release.one("NetworkPolicy", "my-app-tests")["spec"]["podSelector"]["matchLabels"]
    assert selector.items() <= labels.items()
    assert "my-app-tests" not in policies(render("tests: {enabled: false}\n", environment="prod"))


@pytest.mark.bad
@pytest.mark.parametrize(
    "text", ["{databaseCidrs: [here]}", "{databasePort: 0}", "{enabld: true}", "{ingressCidrs: x}"]
)
def test_policies_that_cannot_be_are_refused(refused, text: str) -> None:
    assert "networkPolicy." in refused(f"networkPolicy: {text}\n", line=1)


BLOCKS = "defaults:\n  networkPolicy:\n    {way}:\n      - {peer}\n"


@pytest.mark.bad
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("networkPolicy:\n  databaseCidrs: [10.0.0.0/33]\n", 2),
        ("networkPolicy:\n  databaseCidrs: [10.0.0.300/8]\n", 2),
        ("networkPolicy:\n  ingressCidrs: [010.0.0.0/8]\n", 2),
        ("networkPolicy:\n  ingressCidrs: ['::/129']\n", 2),
        ("networkPolicy:\n  ingressCidrs: ['::ffff:10.0.0.0/104']\n", 2),
        ("networkPolicy:\n  ingressCidrs: [':::/12']\n", 2),
        (BLOCKS.format(way="from", peer="{ipBlock: {cidr: 10.0.0.1/40}}"), 4),
        (BLOCKS.format(way="from", peer="{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/9]}}"), 4),
        (BLOCKS.format(way="egress", peer="{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}"), 4),
        (BLOCKS.format(way="egress", peer="{to: [{ipBlock: {cidr: 10.0.0.0/8, except: ['::/9']}}]}"), 4),
        (BLOCKS.format(way="egress", peer="{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [x]}}]}"), 4),
    ],
)
def test_a_network_that_kubernetes_would_refuse_is_refused_at_its_line(refused, text: str, line: int) -> None:
    assert refused(text, environment="prod", line=line)


@pytest.mark.on
def test_blocks_with_exceptions_inside_are_taken(render) -> None:
    block = "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.1/32]}}"
    own = BLOCKS.format(way="from", peer=block) + "networkPolicy: {ingressCidrs: ['2001:db8::/32']}\n"
    assert "10.2.0.1/32" in str(render(own, environment="prod").one("NetworkPolicy")["spec"]["ingress"])


@pytest.mark.bad
@pytest.mark.parametrize(
    "rule",
    [
        "{to: [{ipBlok: {cidr: 10.0.0.0/8}}]}",
        "{to: [{}]}",
        "{ports: [{prot: 5432}]}",
        "{ports: [{port: 70000}]}",
        "{ports: [{port: 80, protocol: HTTP}]}",
        "{ports: [{endPort: 80}]}",
    ],
)
def test_a_misspelt_rule_is_refused(refused, rule: str) -> None:
    assert "egress" in refused(BLOCKS.format(way="egress", peer=rule), environment="prod", line=4)


TRACES = {
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "amazon-cloudwatch"}}}],
    "ports": [{"port": 4316, "protocol": "TCP"}, {"port": 2000, "protocol": "TCP"}],
}
"""To CloudWatch's agent, as aws.applicationSignals opens it."""


@pytest.mark.on
def test_who_is_traced_reaches_the_agent_of_cloudwatch(render) -> None:
    for environment in ("staging", "prod"):
        release = render(environment=environment)
        for name in release.all("Deployment"):
            assert release.one("NetworkPolicy", name)["spec"]["egress"].count(TRACES) == 1


@pytest.mark.off
def test_who_is_not_traced_has_no_way_to_the_agent(render) -> None:
    text = "applications: {my-tomorrows-monitoring: {aws: {applicationSignals: false}}}\n"
    release = render(text, environment="prod")
    assert TRACES not in release.one("NetworkPolicy", "my-tomorrows-monitoring")["spec"]["egress"]
    assert TRACES in release.one("NetworkPolicy")["spec"]["egress"]
    off = render("defaults: {aws: {applicationSignals: false}}\n", environment="prod")
    assert "amazon-cloudwatch" not in off.rendered.manifests


AWS = "applications:\n  my-tomorrows-api:\n    aws: {access: true}\n"


def ways(release, name: str = "my-tomorrows-api") -> list[tuple[list[str], list[int]]]:
    """The blocks and the ports of each egress rule after the one to the database, that of traces apart."""
    rules = [one for one in release.one("NetworkPolicy", name)["spec"]["egress"][1:] if one != TRACES]
    return [
        ([to["ipBlock"]["cidr"] for to in rule["to"]], [port["port"] for port in rule["ports"]])
        for rule in rules
    ]


@pytest.mark.bad
def test_who_needs_aws_is_not_cut_off_from_it(refused) -> None:
    message = refused(AWS, environment="prod", line=3)
    assert "my-tomorrows-api.aws.access: true needs a way to AWS" in message
    assert "networkPolicy.awsCidrs is empty" in message
    elsewhere = (
        AWS + "    networkPolicy: {egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}]}\n"
    )
    assert "needs a way to AWS" in refused(elsewhere, environment="prod")
    closed = AWS + "    database: false\n    ingress: {enabled: false}\n    networkPolicy: {enabled: false}\n"
    assert "cut off from AWS" in refused(closed, environment="prod")
    assert "networkPolicy.awsCidrs[0]: " in refused("networkPolicy: {awsCidrs: ['10.0.0.0/33']}\n", line=1)


@pytest.mark.on
def test_who_needs_aws_reaches_it_and_nobody_else_does(render) -> None:
    release = render(AWS + "networkPolicy: {awsCidrs: [10.0.8.0/24, 0.0.0.0/0]}\n", environment="prod")
    assert ways(release) == [(["10.0.8.0/24", "0.0.0.0/0"], [443])]
    assert ways(release, "my-tomorrows-admin") == []


@pytest.mark.override
def test_the_agent_of_pod_identity_is_reached_where_it_names_the_role(render) -> None:
    for more, agent in (
        ("", ["169.254.170.23/32"]),
        (", ipv6: true", ["169.254.170.23/32", "fd00:ec2::23/128"]),
    ):
        text = (
            f"networkPolicy: {{awsCidrs: [10.0.8.0/24]{more}}}\naws: {{identity: podIdentity, roleArn: ''}}\n"
        )
        assert ways(render(AWS + text, environment="prod")) == [(["10.0.8.0/24"], [443]), (agent, [80])]


@pytest.mark.override
def test_a_rule_of_ones_own_is_a_way_to_aws_too(render) -> None:
    own = "    networkPolicy: {egress: [{to: [{ipBlock: {cidr: 10.0.8.0/24}}], ports: [{port: 443}]}]}\n"
    assert ways(render(AWS + own, environment="prod")) == [(["10.0.8.0/24"], [443])]


@pytest.mark.bad
@pytest.mark.parametrize(
    "address",
    ["::ffff:10.0.0.1", "::FFFF:a00:1", "0:0:0:0:0:ffff:a00:1/128", "::0:ffff:a00:1", "0::ffff:0:0/96"],
)
def test_an_ipv4_address_inside_of_an_ipv6_one_is_no_way_around_the_rules(refused, address: str) -> None:
    text = f"applications:\n  my-tomorrows-worker:\n    webhooks: {{allow: ['{address}']}}\n"
    message = refused(text, line=3)
    assert message.endswith(f"webhooks.allow[0]: '{address}' is not allowed")


@pytest.mark.override
@pytest.mark.parametrize("address", ["::1", "fd00::ffff:1", "ffff.example", "10.0.0.1", "2001:db8::ffff:0:1"])
def test_what_only_looks_like_it_passes(render, address: str) -> None:
    text = f"applications:\n  my-tomorrows-worker:\n    webhooks: {{allow: ['{address}']}}\n"
    assert address in render(text, environment="prod").rendered.manifests
