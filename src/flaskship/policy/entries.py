"""How the entries of a manifest's lists are told apart: by name, by type, by address, never by position."""

import re

from flaskship.policy.node import Node

_HASH = re.compile(r"-[0-9a-f]{10}$")
_NAMES = ("name", "key", "topologyKey")
_SOURCES = ("configMapRef", "secretRef", "configMap", "secret")
_TEXTS = frozenset({"resources", "verbs", "apiGroups", "add", "policyTypes", "accessModes"})
"""Lists of texts that grant or open something; others, as arguments, are free."""


def entry_name(key: str, item: Node) -> str:
    """What an entry of the list under a key is called, empty where nothing tells it from others.

    Variables have traits of their own; hosts, and the subnets that may come in, are each environment's.
    """
    if key == "env":
        return ""
    if item.text is not None:
        return item.text if key in _TEXTS else ""
    if key == "ports" and item.at("port"):
        return str(item.at("port").content)
    if key == "to" and item.at("ipBlock"):
        return item.at("ipBlock", "cidr").text or ""
    if key == "paths":
        return item.at("backend", "service", "name").text or ""
    for name in _NAMES:
        if (text := item.at(name).text) is not None:
            return text
    if (kind := item.at("type").text) is not None:
        return " ".join([kind, *_measured(item, kind)])
    sources = (item.at(source, "name").text for source in _SOURCES)
    return next((_HASH.sub("", text) for text in sources if text), "")


def _measured(item: Node, kind: str) -> list[str]:
    """What a metric of a kind measures."""
    content = item.at(kind[:1].lower() + kind[1:])
    names = (content.at("name").text, content.at("metric", "name").text)
    return [name for name in names if name]
