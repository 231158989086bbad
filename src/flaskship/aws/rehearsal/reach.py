"""Who may reach what, decided from security groups and routes alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INTERNET = "0.0.0.0/0"
TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "NetworkInterfaceId",
    "InstanceId",
    "GatewayId",
)


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One rule of a group: protocol, ports and the one other side, which is a group's name or a range."""

    protocol: str
    first: int
    last: int
    source: str

    def __str__(self) -> str:
        ports = "all ports" if self.protocol == "-1" else f"{self.first}-{self.last}/{self.protocol}"
        return f"{ports} from {self.source}"


def openings(
    group: Mapping[str, Any], names: Mapping[str, str], rules: str = "IpPermissions"
) -> frozenset[Opening]:
    """Return what a group, as EC2 describes it, lets in; groups by name where names knows their id."""
    return frozenset(
        Opening(rule["IpProtocol"], *_ports(rule), source)
        for rule in group.get(rules, ())
        for source in _sources(rule, names)
    )


def exits(group: Mapping[str, Any], names: Mapping[str, str]) -> frozenset[Opening]:
    """Return what a group lets out, the other side as the source."""
    return openings(group, names, "IpPermissionsEgress")


def _ports(rule: Mapping[str, Any]) -> tuple[int, int]:
    # Of all protocols AWS tells no ports; others who speak its language tell -1.
    return (0, 65535) if rule["IpProtocol"] == "-1" else (rule["FromPort"], rule["ToPort"])


def _sources(rule: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[str]:
    yield from (names.get(pair["GroupId"], pair["GroupId"]) for pair in rule.get("UserIdGroupPairs", ()))
    yield from (one["CidrIp"] for one in rule.get("IpRanges", ()))
    yield from (one["CidrIpv6"] for one in rule.get("Ipv6Ranges", ()))
    yield from (one["PrefixListId"] for one in rule.get("PrefixListIds", ()))


def may_reach(port: int, inside: Iterable[Opening]) -> frozenset[str]:
    """Return the sources that reach a TCP port through a group's openings."""
    return frozenset(
        one.source for one in inside if one.protocol in {"-1", "tcp"} and one.first <= port <= one.last
    )


def ways_out(subnet: str, tables: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what a subnet reaches beyond its VPC, and by which gateway; the main table counts, too."""
    own = [table for table in tables if any(a.get("SubnetId") == subnet for a in table["Associations"])]
    main = [table for table in tables if any(a.get("Main") for a in table["Associations"])]
    return {
        _destination(route): target
        for table in own or main
        for route in table["Routes"]
        if (target := _target(route)) != "local"
    }


def _destination(route: Mapping[str, Any]) -> str:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((str(route[name]) for name in names if route.get(name)), "?")


def _target(route: Mapping[str, Any]) -> str:
    return next((str(route[name]) for name in TARGETS if route.get(name)), "nothing")
