"""The network as the plan has it, reduced to what decides who reaches whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flaskship.aws.diagrams.model import ANYWHERE, Endpoint, Group, Network, Rule, Subnet
from flaskship.aws.diagrams.resources import Resource, of_kind
from flaskship.model.errors import ConfigurationError

EVERYTHING = {"0.0.0.0/0", "::/0"}


def network_of(found: Sequence[Resource]) -> Network:
    """Return the network of the resources of its stack; one VPC is drawn, another number is refused."""
    vpcs = of_kind(found, "aws_vpc")
    if len(vpcs) != 1:
        raise ConfigurationError(f"{len(vpcs)} VPCs are in the network stack, and its picture shows one")
    (vpc,) = vpcs
    name = str((vpc.values.get("tags") or {}).get("Name", "vpc"))
    subnets = _subnets(found)
    groups = {one.id: _short(one, name) for one in of_kind(found, "aws_security_group")}
    peers = _peers(subnets)
    logs = [str(one.values["name"]) for one in of_kind(found, "aws_cloudwatch_log_group")]
    flows = of_kind(found, "aws_flow_log")
    return Network(
        name=name,
        region=subnets[0].zone[:-1],
        cidr=str(vpc.values["cidr_block"]),
        internet_gateway=bool(of_kind(found, "aws_internet_gateway")),
        subnets=subnets,
        endpoints=tuple(
            Endpoint(str(one.values["service_name"]).split(".", 3)[-1], str(one.values["vpc_endpoint_type"]))
            for one in of_kind(found, "aws_vpc_endpoint")
        ),
        groups=tuple(
            Group(groups[one.id], str(one.values["description"]), _reaches(one, found, groups, peers))
            for one in of_kind(found, "aws_security_group")
        ),
        rules=_rules(found, groups, peers),
        flow_logs=f"{flows[0].values['traffic_type'].lower()} traffic to {', '.join(logs)}" if flows else "",
    )


def _subnets(found: Sequence[Resource]) -> tuple[Subnet, ...]:
    zones = {one.id: str(one.values["availability_zone"]) for one in of_kind(found, "aws_subnet")}
    gateways = of_kind(found, "aws_nat_gateway")
    stands = {str(one.values["subnet_id"]): "NAT gateway" for one in gateways}
    nats = {one.id: f"NAT gateway in {zones[str(one.values['subnet_id'])]}" for one in gateways}
    tables = {
        str(one.values["subnet_id"]): str(one.values["route_table_id"])
        for one in of_kind(found, "aws_route_table_association")
    }
    drawn = [
        Subnet(
            tier=str((one.values.get("tags") or {}).get("Tier", one.label)),
            zone=zones[one.id],
            cidr=str(one.values["cidr_block"]),
            way_out=", ".join(
                _way(route, nats)
                for route in of_kind(found, "aws_route")
                if route.values["route_table_id"] == tables.get(one.id)
            ),
            nat=stands.get(one.id, ""),
        )
        for one in of_kind(found, "aws_subnet")
    ]
    if not drawn:
        raise ConfigurationError("the network stack has no subnet, and its picture would be empty")
    return tuple(sorted(drawn, key=lambda one: (one.tier, one.zone, one.cidr)))


def _way(route: Resource, nats: Mapping[str, str]) -> str:
    values = route.values
    to = str(values.get("destination_cidr_block") or values.get("destination_ipv6_cidr_block") or "?")
    if nat := values.get("nat_gateway_id"):
        target = nats.get(str(nat), "NAT gateway")
    elif values.get("gateway_id"):
        target = "internet gateway"
    else:
        target = route.label
    return f"{to} to the {target}"


def _short(group: Resource, network: str) -> str:
    return str(group.values["name"]).removeprefix(f"{network}-")


def _peers(subnets: Sequence[Subnet]) -> dict[str, str]:
    return {one.cidr: f"{one.tier} subnets" for one in subnets} | dict.fromkeys(EVERYTHING, ANYWHERE)


def _peer(rule: Resource, groups: Mapping[str, str], peers: Mapping[str, str]) -> str:
    values = rule.values
    if group := values.get("referenced_security_group_id"):
        return groups.get(str(group), "a group elsewhere")
    cidr = str(values.get("cidr_ipv4") or values.get("cidr_ipv6") or values.get("prefix_list_id") or "?")
    return peers.get(cidr, cidr)


def _ports(rule: Resource) -> str:
    protocol, first, last = (rule.values.get(name) for name in ("ip_protocol", "from_port", "to_port"))
    if str(protocol) == "-1":
        return "all"
    ports = str(first) if first == last else f"{first}-{last}"
    return ports if protocol == "tcp" else f"{protocol} {ports}"


def _number(ports: str) -> tuple[int, str]:
    digits = ports.rpartition(" ")[2].partition("-")[0]
    return (int(digits) if digits.isdigit() else 0, ports)


def _inline(group: Resource, direction: str) -> Iterator[Resource]:
    """Each rule that stands in a group itself, one for each peer, as the resource of a single rule has it."""
    for rule in group.values.get(direction) or ():
        peers = [
            *(("referenced_security_group_id", one) for one in rule.get("security_groups") or ()),
            *(("cidr_ipv4", one) for one in rule.get("cidr_blocks") or ()),
            *(("cidr_ipv6", one) for one in rule.get("ipv6_cidr_blocks") or ()),
            *(("prefix_list_id", one) for one in rule.get("prefix_list_ids") or ()),
            *((("referenced_security_group_id", group.id),) if rule.get("self") else ()),
        ]
        for kind, peer in peers:
            values = {"ip_protocol": rule["protocol"], "security_group_id": group.id, kind: peer}
            yield replace(group, values=values | {key: rule[key] for key in ("from_port", "to_port")})


def _all_rules(found: Sequence[Resource], direction: str) -> Iterator[Resource]:
    yield from of_kind(found, f"aws_vpc_security_group_{direction}_rule")
    for group in of_kind(found, "aws_security_group"):
        yield from _inline(group, direction)


def _rules(
    found: Sequence[Resource], groups: Mapping[str, str], peers: Mapping[str, str]
) -> tuple[Rule, ...]:
    ports: dict[tuple[str, str], set[str]] = {}
    for rule in _all_rules(found, "ingress"):
        group = groups[str(rule.values["security_group_id"])]
        ports.setdefault((_peer(rule, groups, peers), group), set()).add(_ports(rule))
    return tuple(
        Rule(source, group, tuple(sorted(some, key=_number)))
        for (source, group), some in sorted(ports.items())
    )


def _reaches(
    group: Resource, found: Sequence[Resource], groups: Mapping[str, str], peers: Mapping[str, str]
) -> tuple[str, ...]:
    mine = [rule for rule in _all_rules(found, "egress") if rule.values["security_group_id"] == group.id]
    said = (f"{_peer(rule, groups, peers)} on {_ports(rule)}" for rule in mine)
    return tuple(sorted({one.replace("anywhere on all", ANYWHERE) for one in said}))
