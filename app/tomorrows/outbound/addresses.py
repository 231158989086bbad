"""Where a webhook may point: only at public addresses, and at what the allow-list opens. Pure."""

import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Public by their number, yet answered by the cloud's own machinery or leading to an address hidden inside.
SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's wire server, public by its number
        "192.0.0.0/24",  # protocol assignments; Python 3.11 knows a part of it only
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # loopback, unspecified, and IPv4-compatible: an IPv4 address inside
        "64:ff9b::/96",  # NAT64: an IPv4 address inside
        "64:ff9b:1::/48",  # NAT64 of one's own
        "2001::/23",  # protocol assignments; Teredo, with an IPv4 address inside, is among them
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, withdrawn but still routed by some
    )
)

# All that is closed. The NetworkPolicy of the worker leaves out the same networks, so that both refuse alike.
# Written down, for what Python takes for global changes with its version.
CLOSED = SPECIAL + tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's translation
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local: a cloud's instance metadata
        "172.16.0.0/12",  # private
        "192.0.2.0/24",  # documentation
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::ffff:0:0/96",  # IPv4-mapped: judged by the address inside
        "100::/64",  # discarded
        "2001:db8::/32",  # documentation
        "fc00::/7",  # private
        "fe80::/10",  # link-local
        "ff00::/8",  # multicast
    )
)


@dataclass(frozen=True)
class AllowList:
    """Destinations that are open although the rules would refuse them."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def opens(self, host: str, address: Address) -> bool:
        """Whether the host, or the address it resolved to, is listed."""
        return host.lower().rstrip(".") in self.hosts or any(
            address.version == network.version and address in network for network in self.networks
        )


def parse_allow_list(text: str) -> AllowList:
    """Read comma separated networks and host names."""
    networks: list[Network] = []
    hosts: set[str] = set()
    for part in (part.strip() for part in text.split(",")):
        if not part:
            continue
        try:
            # Strict, as a NetworkPolicy is: what 10.1.2.3/8 was meant to open nobody can tell.
            networks.append(ipaddress.ip_network(part))
        except ValueError:
            if "/" in part or ":" in part or " " in part:
                raise ValueError(
                    f"WEBHOOK_ALLOW holds {part!r}; it must be a network, "
                    "with no bits set beyond its prefix, or a host name"
                ) from None
            hosts.add(part.lower().rstrip("."))
    return AllowList(tuple(networks), frozenset(hosts))


def refusal(address: Address) -> str | None:
    """Say why an address is closed to webhooks, or None when it is public."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        inner = refusal(address.ipv4_mapped)
        return inner and f"{inner} (IPv4-mapped)"
    kinds = (
        (address.is_loopback, "loopback"),
        (address.is_link_local, "link-local"),
        (address.is_multicast, "multicast"),
        (address.is_unspecified, "unspecified"),
        (_within(address, SPECIAL), "special-purpose"),
        (_within(address, CLOSED) or not address.is_global, "private or reserved"),
    )
    return next((word for closed, word in kinds if closed), None)


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def judge(host: str, addresses: list[Address], allow: AllowList) -> tuple[Address | None, str]:
    """Choose the address to connect to. One closed address closes the host: no lottery between answers."""
    for address in addresses:
        word = refusal(address)
        if word and not allow.opens(host, address):
            return None, f"{host} resolves to {address}, which is {word}; webhooks may not go there"
    if not addresses:
        return None, f"{host} resolves to no address"
    return addresses[0], ""
