"""Facts of the network: subnets and their ways out, tags, DNS, and each rule of each group."""

from collections.abc import Iterable
from typing import Any

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.reach import INTERNET, Opening, exits, may_reach, openings, ways_out
from flaskship.aws.rehearsal.role_facts import role_facts

RANGES = {
    "public": {"10.0.1.0/24", "10.0.2.0/24"},
    "private": {"10.0.10.0/24", "10.0.20.0/24"},
    "database": {"10.0.30.0/24", "10.0.31.0/24"},
}
DATABASE_PORT = 5432
ENDPOINTS: dict[str, set[str]] = {
    "dev": set(),
    "staging": {"ecr.api", "ecr.dkr"},
    "prod": {"ecr.api", "ecr.dkr", "sts", "logs", "secretsmanager"},
}


def expected_rules(name: str) -> dict[str, set[Opening]]:
    """Return every ingress that each group has, and no other."""
    return {
        "alb": {Opening("tcp", 80, 80, "0.0.0.0/0"), Opening("tcp", 443, 443, "0.0.0.0/0")},
        "control-plane": {Opening("tcp", 443, 443, f"{name}-nodes")},
        "nodes": {
            Opening("-1", 0, 65535, f"{name}-nodes"),
            Opening("tcp", 5000, 5000, f"{name}-alb"),
            Opening("tcp", 10250, 10250, f"{name}-control-plane"),
            Opening("tcp", 443, 443, f"{name}-control-plane"),
            Opening("tcp", 9443, 9443, f"{name}-control-plane"),
            Opening("tcp", 10251, 10251, f"{name}-control-plane"),
        },
        "database": {Opening("tcp", DATABASE_PORT, DATABASE_PORT, f"{name}-nodes")},
        "endpoints": {Opening("tcp", 443, 443, range_) for range_ in RANGES["private"]},
        "default": set(),
    }


ANYWHERE = Opening("-1", 0, 65535, INTERNET)
EGRESS: dict[str, set[Opening]] = {
    "alb": {ANYWHERE},
    "control-plane": {ANYWHERE},
    "nodes": {ANYWHERE},
    "database": set(),
    "endpoints": set(),
    "default": set(),
}


def network_facts(port: int, environment: str) -> list[Fact]:
    """Ask EC2 for the environment's network."""
    ec2, name = client(port, "ec2"), f"my-app-{environment}"
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"][0]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=of_vpc)["Subnets"]
    tables = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    groups = ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
    return [
        *_vpc(ec2, vpc),
        *_subnets(subnets, tables, environment),
        *_tags(subnets, name),
        *_groups(groups, name),
        *_tags_of_groups(groups, name),
        _flow_logs(ec2, vpc["VpcId"]),
        *_endpoints(ec2, of_vpc, environment),
        *role_facts(port, "network", name),
    ]


def _fact(says: str, holds: bool, seen: object = "") -> Fact:
    return Fact("network", says, bool(holds), str(seen))


def _vpc(ec2: Any, vpc: dict[str, Any]) -> list[Fact]:
    asked = {
        attribute: ec2.describe_vpc_attribute(
            VpcId=vpc["VpcId"], Attribute=attribute[0].lower() + attribute[1:]
        )
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames")
    }
    return [
        _fact("the VPC has 10.0.0.0/16", vpc["CidrBlock"] == "10.0.0.0/16", vpc["CidrBlock"]),
        *(_fact(f"the VPC has {name}", answer[name]["Value"]) for name, answer in asked.items()),
    ]


def _subnets(subnets: list[dict[str, Any]], tables: list[dict[str, Any]], environment: str) -> list[Fact]:
    found = []
    for tier, ranges in RANGES.items():
        own = [one for one in subnets if _tag(one, "Tier") == tier]
        there = {one["CidrBlock"] for one in own}
        found.append(_fact(f"{tier} subnets have the guide's ranges", there == ranges, sorted(there)))
        zones = {one["AvailabilityZone"] for one in own}
        found.append(_fact(f"{tier} subnets lie in two zones", len(zones) == 2, sorted(zones)))
        ways = [ways_out(one["SubnetId"], tables) for one in own]
        found += _ways(tier, ways, environment)
    return found


def _ways(tier: str, ways: list[dict[str, str]], environment: str) -> list[Fact]:
    if tier == "database":
        none = bool(ways) and not any(ways)
        return [_fact("database subnets have no way out, to no range at all", none, ways)]
    gateway = "igw-" if tier == "public" else "nat-"
    kind = "the internet gateway" if tier == "public" else "NAT"
    gateways = {way.get(INTERNET, "nothing") for way in ways}
    right = all(one.startswith(gateway) for one in gateways)
    # Of another range only the free endpoint of S3 is told.
    more = {
        destination: target
        for way in ways
        for destination, target in way.items()
        if destination != INTERNET and not (destination.startswith("pl-") and target.startswith("vpce-"))
    }
    found = [
        _fact(f"{tier} subnets go out by {kind}", right, gateways),
        _fact(f"{tier} subnets go out by nothing else", not more, more),
    ]
    if tier == "private":
        count = 2 if environment == "prod" else 1
        found.append(_fact(f"{count} NAT gateway(s) serve them", len(gateways) == count, gateways))
    return found


def _tags(subnets: list[dict[str, Any]], name: str) -> list[Fact]:
    roles = {"public": "kubernetes.io/role/elb", "private": "kubernetes.io/role/internal-elb"}
    return [
        _fact(
            f"{tier} subnets carry {role} and the cluster's tag",
            all(
                _tag(one, role) == "1" and _tag(one, f"kubernetes.io/cluster/{name}") == "shared"
                for one in subnets
                if _tag(one, "Tier") == tier
            ),
        )
        for tier, role in roles.items()
    ] + [
        _fact(
            "every subnet carries the tags of all",
            all(
                _tag(one, "Project") and _tag(one, "Environment") and _tag(one, "ManagedBy")
                for one in subnets
            ),
        )
    ]


def _groups(groups: list[dict[str, Any]], name: str) -> list[Fact]:
    names = {group["GroupId"]: group["GroupName"] for group in groups}
    by_name = {group["GroupName"]: openings(group, names) for group in groups}
    out = {group["GroupName"]: exits(group, names) for group in groups}
    found = []
    for short, wanted in expected_rules(name).items():
        own = "default" if short == "default" else f"{name}-{short}"
        for rule in sorted(wanted):
            found.append(_fact(f"{short} lets in {rule}", rule in by_name[own]))
        more = by_name[own] - wanted
        found.append(_fact(f"{short} lets in nothing else", not more, _listed(more)))
        says = "exactly what begins there" if EGRESS[short] else "nothing"
        found.append(_fact(f"{short} lets out {says}", out[own] == EGRESS[short], _listed(out[own])))
    strange = by_name.keys() - {"default"} - {f"{name}-{short}" for short in EGRESS}
    found.append(_fact("there is no other group", not strange, sorted(strange)))
    who = may_reach(DATABASE_PORT, by_name[f"{name}-database"])
    found.append(_fact("the nodes alone reach the database", who == {f"{name}-nodes"}, sorted(who)))
    return found


def _listed(rules: Iterable[Opening]) -> str:
    return "; ".join(map(str, sorted(rules)))


def _tags_of_groups(groups: list[dict[str, Any]], name: str) -> list[Fact]:
    def carrying(key: str) -> set[str]:
        return {group["GroupName"] for group in groups if _tag(group, key) is not None}

    nodes: dict[str, Any] = next((one for one in groups if one["GroupName"] == f"{name}-nodes"), {})
    cluster = f"kubernetes.io/cluster/{name}"
    return [
        _fact(
            "Karpenter finds the nodes' group by its tag",
            _tag(nodes, "karpenter.sh/discovery") == name,
            _tag(nodes, "karpenter.sh/discovery"),
        ),
        _fact(
            "the nodes' group alone is the cluster's, as the load balancer controller wants it",
            _tag(nodes, cluster) == "owned" and carrying(cluster) == {f"{name}-nodes"},
            sorted(carrying(cluster)),
        ),
    ]


def _endpoints(ec2: Any, of_vpc: list[dict[str, Any]], environment: str) -> list[Fact]:
    found = ec2.describe_vpc_endpoints(Filters=of_vpc)["VpcEndpoints"]
    gateways = [one for one in found if one["VpcEndpointType"] == "Gateway"]
    inside = [one for one in found if one["VpcEndpointType"] == "Interface"]
    services = {one["ServiceName"].split(".", 3)[-1] for one in inside}
    tables = [len(one["RouteTableIds"]) for one in gateways if one["ServiceName"].endswith(".s3")]
    return [
        _fact("S3 is reached from both zones without NAT", tables == [2], tables),
        _fact("these services answer inside the VPC", services == ENDPOINTS[environment], sorted(services)),
        _fact(
            "they answer in both zones, by their own names",
            all(len(one["SubnetIds"]) == 2 and one["PrivateDnsEnabled"] for one in inside),
            inside,
        ),
    ]


def _flow_logs(ec2: Any, vpc: str) -> Fact:
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    return _fact(
        "flow logs tell all traffic", [log["TrafficType"] for log in logs] == ["ALL"], logs and "ALL"
    )


def _tag(thing: dict[str, Any], key: str) -> str | None:
    return next((tag["Value"] for tag in thing.get("Tags", ()) if tag["Key"] == key), None)
