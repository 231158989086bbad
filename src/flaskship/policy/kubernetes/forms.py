"""The forms of single fields, as tables: where a field stands, and what of it an API server refuses."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator

from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.node import Node

Form = Callable[[Node], Iterator[Violation]]
Forms = Iterable[tuple[str, Form]]
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
PORT_NAME = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
PORTS = range(1, 65536)


def refused_by(forms: Forms, node: Node) -> Iterator[Violation]:
    """Every violation of a table: `a.b` is a field, `a[]` each entry of a list, `a{}` each of a map."""
    for path, form in forms:
        for at in _found(node, path.split(".") if path else []):
            if at:
                yield from form(at)


def invalid(node: Node, message: str) -> Violation:
    """A violation of a node."""
    return Violation(Breach.INVALID, node.path, message)


def one_of(*choices: str) -> Form:
    """A text is one of these."""

    def form(at: Node) -> Iterator[Violation]:
        if at.text is not None and at.text not in choices:
            yield invalid(at, f"{at.text!r} is not one of {', '.join(filter(None, choices))}")

    return form


def within(low: int, high: int | None = None) -> Form:
    """A number lies between these, both taken."""

    def form(at: Node) -> Iterator[Violation]:
        if at.number is not None and (at.number < low or (high is not None and at.number > high)):
            yield invalid(
                at, f"{at.number} is {f'not {low} to {high}' if high is not None else f'below {low}'}"
            )

    return form


def named(pattern: re.Pattern[str], what: str) -> Form:
    """A text looks like a name of its kind."""

    def form(at: Node) -> Iterator[Violation]:
        if at.text is not None and not pattern.fullmatch(at.text):
            yield invalid(at, f"{at.text!r} is no {what}")

    return form


def where_any(inner: Form) -> Form:
    """A text is either empty or of another form."""

    def form(at: Node) -> Iterator[Violation]:
        if at.text != "":
            yield from inner(at)

    return form


label_name = named(LABEL, "name here: at most 63 of a-z, 0-9 and -")
object_name = named(DOMAIN, "name of an object: a-z, 0-9, - and dots")
key_name = named(KEY, "key of a label")


def needs(*keys: str) -> Form:
    """A map has these, and none is empty."""

    def form(at: Node) -> Iterator[Violation]:
        for key in keys if isinstance(at.content, dict) else ():
            if at.at(key).content in (None, "", [], {}):
                yield invalid(at.at(key), "is required and missing")

    return form


def sole(what: str, among: Iterable[str] = (), least: int = 1) -> Form:
    """Of a map's keys, or of some of them, one is given."""
    counted = frozenset(among)

    def form(at: Node) -> Iterator[Violation]:
        if isinstance(at.content, dict):
            given = [key for key, value in at.entries() if value and (not counted or key in counted)]
            if len(given) > 1:
                yield invalid(at, f"has {' and '.join(sorted(given))}: {what} is one of them")
            elif len(given) < least:
                yield invalid(at, f"names no {what}: {', '.join(sorted(counted)) or 'one is needed'}")

    return form


def port(at: Node) -> Iterator[Violation]:
    """A port, by number or by the name of one."""
    if at.number is not None and at.number not in PORTS:
        yield invalid(at, f"{at.number} is no port: 1 to {PORTS[-1]}")
    elif at.text is not None and not PORT_NAME.fullmatch(at.text):
        yield invalid(at, f"{at.text!r} is no name of a port: at most 15 of a-z, 0-9 and -")


def address(at: Node) -> Iterator[Violation]:
    """An address of a machine."""
    if at.text is not None:
        try:
            ipaddress.ip_address(at.text)
        except ValueError:
            yield invalid(at, f"{at.text!r} is no IP address")


def without_dots(at: Node) -> Iterator[Violation]:
    """A path that does not climb."""
    if at.text is not None and ".." in at.text.split("/"):
        yield invalid(at, f"{at.text!r} has .. in it")


def relative(at: Node) -> Iterator[Violation]:
    """A path that stays where it begins."""
    if at.text is not None and (at.text.startswith(("/", "..")) or ".." in at.text.split("/")):
        yield invalid(at, f"{at.text!r} has to stay in the volume: relative, and without ..")


def labels(at: Node) -> Iterator[Violation]:
    """Keys and values of labels."""
    for key, value in at.entries():
        if not KEY.fullmatch(key):
            yield invalid(value, f"{key!r} is no key of a label")
        if value.text is not None and not VALUE.fullmatch(value.text):
            yield invalid(
                value, f"{value.text!r} is no value of a label: at most 63 of letters, digits, -, _ and ."
            )


def annotations(at: Node) -> Iterator[Violation]:
    """Keys of annotations; their values are free."""
    for key, value in at.entries():
        if not KEY.fullmatch(key.lower()):
            yield invalid(value, f"{key!r} is no key of an annotation")


def _found(node: Node, steps: list[str]) -> Iterator[Node]:
    if not steps:
        yield node
        return
    name, rest = steps[0], steps[1:]
    at = node.at(name.rstrip("[]{}"))
    if name.endswith("[]"):
        for item in at.items():
            yield from _found(item, rest)
    elif name.endswith("{}"):
        for _, value in at.entries():
            yield from _found(value, rest)
    else:
        yield from _found(at, rest)
