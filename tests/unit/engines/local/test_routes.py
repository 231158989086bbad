import json

import pytest

from flaskship.engines.local.routes import (
    HostRule,
    Route,
    RouteEndpoint,
    RouteError,
    RouteTable,
    from_json,
    to_json,
)

ONE = RouteEndpoint("uid-1", "127.0.0.2", 5000, 90, "stable")
TWO = RouteEndpoint("uid-2", "127.0.0.3", 5000, 10, "canary")
TABLE = RouteTable(
    7,
    (
        Route("dev/api/http", "http", (ONE, TWO), (), "my-api"),
        Route("dev/db/tcp", "tcp", (ONE,)),
        Route("dev/ingress", "http", (), (HostRule("*.test", "/a", "Prefix", (TWO,), "my-api"),)),
    ),
)


def test_a_table_survives_json():
    assert from_json(json.loads(json.dumps(to_json(TABLE)))) == TABLE


def test_what_is_left_out_has_its_default():
    document = {"number": 1, "routes": [{"listener": "a", "protocol": "http"}]}
    assert from_json(document) == RouteTable(1, (Route("a"),))


def changed(change):
    document = json.loads(json.dumps(to_json(TABLE)))
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(number="7"), "table.number"),
        (lambda d: d.update(number=True), "table.number"),
        (lambda d: d.update(number=-1), "table.number: -1 is out of range"),
        (lambda d: d.pop("number"), "table.number"),
        (lambda d: d.update(routes={}), "table.routes: a list"),
        (lambda d: d.update(rutes=[]), "table.rutes: unknown; known are number, routes"),
        (lambda d: d["routes"].append(3), "table.routes[3]: an object"),
        (lambda d: d["routes"].append(d["routes"][0]), "'dev/api/http' has two routes"),
        (lambda d: d["routes"][0].update(listener=""), "table.routes[0].listener"),
        (lambda d: d["routes"][0].update(protocol="udp"), "one of http, tcp"),
        (lambda d: d["routes"][0].update(protocol=[]), "one of http, tcp"),
        (lambda d: d["routes"][0].update(service=None), "table.routes[0].service"),
        (lambda d: d["routes"][0]["endpoints"][1].update(port=0), "table.routes[0].endpoints[1].port"),
        (lambda d: d["routes"][0]["endpoints"][1].update(port=65536), "65536 is out of range"),
        (lambda d: d["routes"][0]["endpoints"][0].update(weight=0.5), "endpoints[0].weight"),
        (lambda d: d["routes"][0]["endpoints"][0].pop("uid"), "endpoints[0].uid"),
        (lambda d: d["routes"][0]["endpoints"][0].update(color="blue"), "endpoints[0].color: unknown"),
        (lambda d: d["routes"][2].update(protocol="tcp"), "a tcp route sees no host"),
        (lambda d: d["routes"][2]["rules"][0].update(path="a"), "does not begin with /"),
        (lambda d: d["routes"][2]["rules"][0].update(path_type="Regex"), "one of Prefix, Exact"),
    ],
)
def test_what_is_no_table_is_refused_naming_the_field(change, said):
    with pytest.raises(RouteError) as error:
        from_json(changed(change))
    assert said in str(error.value)


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_what_is_no_object_is_refused(document):
    with pytest.raises(RouteError, match="table: an object is expected"):
        from_json(document)


def test_hosts_are_compared_in_lower_case():
    document = changed(lambda d: d["routes"][2]["rules"][0].update(host="*.TEST"))
    assert from_json(document).routes[2].rules[0].host == "*.test"
