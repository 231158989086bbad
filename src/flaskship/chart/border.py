"""What a schema cannot say of one environment's values: names that have to fit others."""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from flaskship.chart.schema import dotted
from flaskship.chart.spelling import nearest
from flaskship.chart.yamlfile import KeyPath
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

Locate = Callable[[KeyPath], Location | None]


def refuse_another_environment(values: Mapping[str, Any], name: str, locate: Locate) -> None:
    """Raise where the values say that they are another environment's."""
    said = values.get("environment")
    if said and said != name:
        raise ConfigurationError(
            f"environment: {said!r} is not the environment that reads it; did you mean {name}?",
            location=locate(("environment",)),
            hint="what is mandatory in production hangs on this name",
        )


def refuse_misspelt_secrets(values: Mapping[str, Any], locate: Locate) -> None:
    """Raise for a generated key that is almost one which the applications read."""
    secrets = values.get("secrets") or {}
    known = _keys_of(secrets)
    _refuse_near(("secrets", "generated"), secrets.get("generated") or {}, known, locate)


def refuse_misspelt_features(
    application: Mapping[str, Any], rules: Mapping[str, Any], at: KeyPath, locate: Locate
) -> None:
    """Raise for a feature that is almost one of those that the schema names."""
    known = rules.get("properties", {}).get("features", {}).get("properties", {})
    _refuse_near((*at, "features"), application.get("features") or {}, known, locate)


def refuse_impossible_networks(values: Mapping[str, Any], locate: Locate) -> None:
    """Raise for a network of the environment's policies that is none."""
    policy = values.get("networkPolicy") or {}
    for key in ("databaseCidrs", "ingressCidrs", "awsCidrs"):
        for index, text in enumerate(policy.get(key) or ()):
            _network(("networkPolicy", key, index), text, locate)


def refuse_impossible_webhooks(application: Mapping[str, Any], at: KeyPath, locate: Locate) -> None:
    """Raise for a network that webhooks may reach and that is none: the policies name it to Kubernetes."""
    for index, text in enumerate((application.get("webhooks") or {}).get("allow") or ()):
        if "/" in str(text):
            _network((*at, "webhooks", "allow", index), text, locate)


def refuse_one_label_twice(application: Mapping[str, Any], at: KeyPath, locate: Locate) -> None:
    """Raise for a label that an affinity compares with this pod's and selects by beside, in another way."""
    for kind, part in (application.get("affinity") or {}).items():
        for when, terms in (part or {}).items() if kind != "nodeAffinity" else ():
            for index, given in enumerate(terms or ()):
                inside = "podAffinityTerm" in given
                term = given["podAffinityTerm"] if inside else given
                path = (*at, "affinity", kind, when, index, *(("podAffinityTerm",) if inside else ()))
                _refuse_twice(term, path, locate)


def _refuse_twice(term: Mapping[str, Any], path: KeyPath, locate: Locate) -> None:
    selector = term.get("labelSelector") or {}
    taken = {*(selector.get("matchLabels") or {})}
    taken |= {one.get("key") for one in selector.get("matchExpressions") or ()}
    for key in ("matchLabelKeys", "mismatchLabelKeys"):
        for index, label in enumerate(term.get(key) or ()):
            if label in taken:
                at = (*path, key, index)
                raise ConfigurationError(
                    f"{dotted(at)}: {label} is compared in this term already; leave one of the two out",
                    location=locate(at),
                )
            taken.add(label)


def refuse_impossible_blocks(application: Mapping[str, Any], at: KeyPath, locate: Locate) -> None:
    """Raise for a block of an application's policy that is no network, or leaves out what is not in it."""
    policy = application.get("networkPolicy") or {}
    peers: list[tuple[KeyPath, Any]] = [
        (("from", number), peer) for number, peer in enumerate(policy.get("from") or ())
    ]
    for index, rule in enumerate(policy.get("egress") or ()):
        peers += [(("egress", index, "to", number), peer) for number, peer in enumerate(rule.get("to") or ())]
    for where, peer in peers:
        given = peer.get("ipBlock")
        if not isinstance(given, Mapping):
            continue
        path = (*at, "networkPolicy", *where, "ipBlock")
        whole = _network((*path, "cidr"), given.get("cidr"), locate)
        for index, text in enumerate(given.get("except") or ()):
            closed = _network((*path, "except", index), text, locate)
            if not _inside(closed, whole):
                raise ConfigurationError(
                    f"{dotted((*path, 'except', index))}: {text} is no part of {given.get('cidr')}",
                    location=locate((*path, "except", index)),
                )


def _network(path: KeyPath, text: Any, locate: Locate) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(str(text), strict=False)
        if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
            raise ValueError("an IPv4 network in the clothes of IPv6, which Kubernetes refuses")
    except ValueError:
        raise ConfigurationError(f"{dotted(path)}: {text} is no network", location=locate(path)) from None
    if network.network_address != ip_address(str(text).partition("/")[0]):
        raise ConfigurationError(
            f"{dotted(path)}: {text} has bits set beyond its prefix; write {network}", location=locate(path)
        )
    return network


def _inside(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return one.version == other.version and one.prefixlen > other.prefixlen and one.network_address in other


def _keys_of(secrets: Mapping[str, Any]) -> set[str]:
    """The keys of the applications' Secret, as the fetched one has them."""
    found: set[str] = set()
    for fetched in ((secrets.get("external") or {}).get("secrets") or {}).values():
        if fetched and fetched.get("target") == secrets.get("appSecrets"):
            found.update(fetched.get("data") or {}, fetched.get("template") or {})
    return found


def _refuse_near(at: KeyPath, given: Iterable[str], known: Iterable[str], locate: Locate) -> None:
    known = set(known)
    for name in given:
        meant = None if name in known else nearest(name, known)
        if meant:
            path = (*at, name)
            raise ConfigurationError(
                f"{dotted(path)}: no application reads this; did you mean {meant}?", location=locate(path)
            )
