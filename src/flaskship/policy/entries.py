"""How the entries of a manifest's lists are told apart: by name, by type, by address, never by position."""

import re
from collections.abc import Iterator

from flaskship.policy.node import Node

_HASH = re.compile(r"-[0-9a-f]{10}$")
_NAMES = ("name", "secretKey", "key", "topologyKey")
_SOURCES = ("configMapRef", "secretRef", "configMap", "secret")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*")
_PAIR = re.compile(r"([A-Za-z][\w.-]*)=([^,]*)")
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


def without_hash(name: str) -> str:
    """A name without the hash of its content."""
    return _HASH.sub("", name)


def switches(text: str) -> Iterator[str]:
    """What an annotation's value switches: a word, or each key of a list of pairs with its word."""
    pairs = _PAIR.findall(text) if re.fullmatch(r"[\w.-]+=[^,]*(,[\w.-]+=[^,]*)*", text) else ()
    for key, value in pairs:
        yield f" {key}={value}" if _WORD.fullmatch(value) else f" {key}"
    if not pairs:
        yield f"={text}" if _WORD.fullmatch(text) else ""


def arguments(tokens: Node) -> Iterator[tuple[Node, str]]:
    """The tokens of a command that choose something: options with their words, scripts, and what is run.

    Numbers and addresses behind an option are each environment's.
    """
    waiting: tuple[Node, str] | None = None
    for item in tokens.items():
        text = item.text or ""
        if text.startswith("-"):
            if waiting:
                yield waiting
            option, equals, value = text.partition("=")
            waiting = None if equals else (item, option)
            if equals:
                yield item, text if _chooses(value) else option
        elif waiting:
            at, option = waiting
            yield at, f"{option} {text}" if _chooses(text) else option
            waiting = None
        elif text:
            yield item, text
    if waiting:
        yield waiting


def _chooses(text: str) -> bool:
    """Whether the text behind an option is a choice or a script, and no amount or address."""
    return bool(text) and not re.fullmatch(r"[\d.]+\w{0,2}|\S*://\S*|\S*:\d+", text)
