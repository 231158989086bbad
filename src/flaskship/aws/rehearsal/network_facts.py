"""Facts of the network: subnets and their ways out, tags, DNS, and each rule of each group."""

from typing import Any

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.reach import Opening, may_reach, openings, way_out

RANGES = {
    "public": {"10.0.1.0/24", "10.0.2.0/24"},
    "private": {"10.0.10.0/24", "10.0.20.0/24"},
    "database": {"10.0.30.0/24", "10.0.31.0/24"},
}
DATABASE_PORT = 5432


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
        _flow_logs(ec2, vpc["VpcId"]),
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
        ways = {one["SubnetId"]: way_out(one["SubnetId"], tables) for one in own}
        gateways = set(ways.values())
        if tier == "public":
            right = all((way or "").startswith("igw-") for way in gateways)
            found.append(_fact("public subnets go out by the internet gateway", right, gateways))
        elif tier == "private":
            right = all((way or "").startswith("nat-") for way in gateways)
            found.append(_fact("private subnets go out by NAT", right, gateways))
            count = 2 if environment == "prod" else 1
            found.append(_fact(f"{count} NAT gateway(s) serve them", len(gateways) == count, gateways))
        else:
            found.append(_fact("database subnets have no way out", gateways == {None}, gateways))
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
    found = []
    for short, wanted in expected_rules(name).items():
        has = by_name["default" if short == "default" else f"{name}-{short}"]
        for rule in sorted(wanted):
            found.append(_fact(f"{short} lets in {rule}", rule in has))
        more = has - wanted
        found.append(_fact(f"{short} lets in nothing else", not more, "; ".join(map(str, sorted(more)))))
    who = may_reach(DATABASE_PORT, by_name[f"{name}-database"])
    found.append(_fact("the nodes alone reach the database", who == {f"{name}-nodes"}, sorted(who)))
    return found


def _flow_logs(ec2: Any, vpc: str) -> Fact:
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    return _fact(
        "flow logs tell all traffic", [log["TrafficType"] for log in logs] == ["ALL"], logs and "ALL"
    )


def _tag(thing: dict[str, Any], key: str) -> str | None:
    return next((tag["Value"] for tag in thing.get("Tags", ()) if tag["Key"] == key), None)
