import random

import pytest

from flaskship.engines.local.router.rules import RuleSet, host_matches, host_name, path_matches
from flaskship.engines.local.routes import HostRule

RULES = [
    HostRule("*", "/", "Prefix"),
    HostRule("*", "/any", "Prefix"),
    HostRule("*.shop.test", "/", "Prefix"),
    HostRule("www.shop.test", "/", "Prefix"),
    HostRule("www.shop.test", "/cart", "Prefix"),
    HostRule("www.shop.test", "/cart", "Exact"),
    HostRule("www.shop.test", "/cart/pay/", "Prefix"),
    HostRule("only.test", "/x", "Exact"),
]


@pytest.mark.parametrize(
    ("host", "target", "expected"),
    [
        (b"www.shop.test", b"/", ("www.shop.test", "/", "Prefix")),
        (b"www.shop.test", b"/cart", ("www.shop.test", "/cart", "Exact")),
        (b"www.shop.test", b"/cart/", ("www.shop.test", "/cart", "Prefix")),
        (b"www.shop.test", b"/cart?a=/cart/pay/", ("www.shop.test", "/cart", "Exact")),
        (b"www.shop.test", b"/cart/pay", ("www.shop.test", "/cart/pay/", "Prefix")),
        (b"www.shop.test", b"/cart/payment", ("www.shop.test", "/cart", "Prefix")),
        (b"WWW.Shop.Test:30080", b"/", ("www.shop.test", "/", "Prefix")),
        (b"api.shop.test", b"/any", ("*.shop.test", "/", "Prefix")),
        (b"a.b.shop.test", b"/any/thing", ("*", "/any", "Prefix")),
        (b"shop.test", b"/", ("*", "/", "Prefix")),
        (b"", b"/", ("*", "/", "Prefix")),
        (b"only.test", b"/x", ("only.test", "/x", "Exact")),
        (b"only.test", b"/x/", None),
    ],
)
def test_the_most_specific_rule_serves(host, target, expected):
    for seed in range(5):
        shuffled = random.Random(seed).sample(RULES, len(RULES))
        found = RuleSet([(rule, (rule.host, rule.path, rule.path_type)) for rule in shuffled]).find(
            host, target
        )
        assert found == expected


def test_no_rules_are_false():
    assert not RuleSet([])
    assert RuleSet([]).find(b"a", b"/") is None


def test_hosts():
    assert host_name("[::1]:80") == "[::1]"
    assert host_name("a.test.:80") == "a.test"
    assert host_matches("*.a", "b.a")
    assert not host_matches("*.a", ".a")
    assert not host_matches("*.a", "c.b.a")


def test_prefixes_are_whole_elements():
    assert path_matches("/", "Prefix", "/x")
    assert path_matches("/x/", "Prefix", "/x")
    assert not path_matches("/x", "Prefix", "/xy")
    assert not path_matches("/x", "Exact", "/x/")
