from flaskship.aws.rehearsal.reach import Opening, exits, may_reach, openings, ways_out

GROUP = {
    "IpPermissions": [
        {
            "IpProtocol": "tcp",
            "FromPort": 5432,
            "ToPort": 5432,
            "UserIdGroupPairs": [{"GroupId": "sg-nodes"}],
        },
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
    ]
}


def test_each_source_is_an_opening_of_its_own() -> None:
    assert openings(GROUP, {"sg-nodes": "nodes"}) == {
        Opening("tcp", 5432, 5432, "nodes"),
        Opening("-1", 0, 65535, "10.0.0.0/16"),
        Opening("-1", 0, 65535, "::/0"),
    }


def test_all_protocols_are_all_ports_whatever_is_told_of_them() -> None:
    rule = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    assert openings({"IpPermissions": [rule]}, {}) == {Opening("-1", 0, 65535, "10.0.0.0/16")}


def test_a_group_without_a_name_keeps_its_id() -> None:
    assert Opening("tcp", 5432, 5432, "sg-nodes") in openings(GROUP, {})


def test_a_port_is_reached_through_its_range_and_through_all_protocols() -> None:
    inside = [
        Opening("tcp", 5000, 6000, "a"),
        Opening("udp", 5432, 5432, "b"),
        Opening("-1", 0, 65535, "c"),
        Opening("tcp", 5433, 5433, "d"),
    ]
    assert may_reach(5432, inside) == {"a", "c"}


def table(*subnets: str, main: bool = False, **route: str) -> dict[str, object]:
    associations: list[dict[str, object]] = [{"SubnetId": subnet, "Main": False} for subnet in subnets]
    if main:
        associations.append({"Main": True})
    routes = [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]
    return {"Associations": associations, "Routes": [*routes, *([dict(route)] if route else [])]}


def test_a_subnet_goes_out_by_its_own_table() -> None:
    tables = [
        table(main=True, DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-1"),
        table("subnet-private", DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-1"),
        table("subnet-database"),
    ]
    assert ways_out("subnet-private", tables) == {"0.0.0.0/0": "nat-1"}
    assert ways_out("subnet-database", tables) == {}


def test_a_subnet_without_a_table_takes_the_main_one() -> None:
    # The mistake that opens a database: its table was never associated.
    tables = [table(main=True, DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-1"), table()]
    assert ways_out("subnet-database", tables) == {"0.0.0.0/0": "igw-1"}


def test_half_of_the_internet_is_a_way_out_and_so_is_every_other_range() -> None:
    half = table("subnet-database", DestinationCidrBlock="0.0.0.0/1", GatewayId="igw-1")
    half["Routes"] += [  # type: ignore[operator]
        {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
        {"DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayId": "tgw-1"},
    ]
    assert ways_out("subnet-database", [half]) == {
        "0.0.0.0/1": "igw-1",
        "::/0": "eigw-1",
        "192.168.0.0/16": "tgw-1",
    }


def test_what_a_group_lets_out_is_read_apart_from_what_it_lets_in() -> None:
    group = GROUP | {"IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    assert exits(group, {}) == {Opening("-1", 0, 65535, "0.0.0.0/0")}
    assert exits(GROUP, {}) == frozenset()
