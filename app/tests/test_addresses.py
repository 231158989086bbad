import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomorrows.outbound.addresses import judge, parse_allow_list, refusal

NOTHING = parse_allow_list("")


def closed(text):
    return refusal(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("10.0.0.1", "private or reserved"),
        ("172.16.0.1", "private or reserved"),
        ("192.168.1.1", "private or reserved"),
        ("100.64.0.1", "private or reserved"),
        ("100.100.100.200", "private or reserved"),
        ("192.0.0.192", "special-purpose"),
        ("192.0.2.1", "private or reserved"),
        ("198.18.0.1", "private or reserved"),
        ("240.0.0.1", "private or reserved"),
        ("255.255.255.255", "private or reserved"),
        ("fd00:ec2::254", "private or reserved"),
        ("fc00::1", "private or reserved"),
        ("2001:db8::1", "private or reserved"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "private or reserved"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("ff02::1", "multicast"),
        ("168.63.129.16", "special-purpose"),
        ("2002:7f00:1::", "special-purpose"),
        ("64:ff9b::7f00:1", "special-purpose"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "special-purpose"),
        ("fec0::1", "special-purpose"),
        ("::ffff:127.0.0.1", "loopback (IPv4-mapped)"),
        ("::ffff:169.254.169.254", "link-local (IPv4-mapped)"),
        ("::ffff:10.0.0.1", "private or reserved (IPv4-mapped)"),
        ("::7f00:1", "special-purpose"),
    ],
)
def test_closed_addresses_say_why(address, word):
    assert closed(address) == word


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_open(address):
    assert closed(address) is None


def test_one_closed_answer_closes_the_host():
    address, reason = judge(
        "evil.example", [ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("10.0.0.1")], NOTHING
    )
    assert address is None
    assert (
        reason == "evil.example resolves to 10.0.0.1, which is private or reserved; webhooks may not go there"
    )


def test_no_answer_closes_the_host():
    assert judge("void.example", [], NOTHING) == (None, "void.example resolves to no address")


@pytest.mark.parametrize(
    ("allow", "host", "address", "open_"),
    [
        ("127.0.0.0/8", "x", "127.0.0.1", True),
        ("127.0.0.0/8", "x", "10.0.0.1", False),
        ("127.0.0.1", "x", "127.0.0.2", False),
        ("10.0.0.0/8, hooks.internal", "Hooks.Internal.", "192.168.0.1", True),
        ("hooks.internal", "x.hooks.internal", "192.168.0.1", False),
        ("::1/128", "x", "::1", True),
        ("0.0.0.0/0", "x", "::1", False),
    ],
)
def test_the_allow_list_opens_exactly_what_it_names(allow, host, address, open_):
    chosen, _ = judge(host, [ipaddress.ip_address(address)], parse_allow_list(allow))
    assert (chosen is not None) is open_


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_one_inside(address):
    inside = refusal(address)
    mapped = refusal(ipaddress.IPv6Address(f"::ffff:{address}"))
    assert (inside is None) is (mapped is None)


@given(st.ip_addresses())
def test_what_is_open_is_public(address):
    if refusal(address) is None:
        inner = getattr(address, "ipv4_mapped", None) or address
        assert inner.is_global
        assert not any((inner.is_private, inner.is_loopback, inner.is_link_local, inner.is_multicast))
