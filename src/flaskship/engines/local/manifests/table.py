"""The field table: what a kind's fields are, how each is treated here, and which handler reads it.

A table drives three things at once: parsing walks the document along it, whatever it does not name is
reported, and docs/reference/fields.md is printed from it. A row without a handler cannot be honoured.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from flaskship.engines.local.spec import Behaviour, FieldReport
from flaskship.model.errors import About, ConfigurationError
from flaskship.model.frozen import dataclass

T = TypeVar("T")

Fields = dict[str, Any]
UNKNOWN = "unknown here"
_INDEX = re.compile(r"\[\d+\]")


class Reports:
    """Collects how the fields of a release are treated, each field of an object once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], FieldReport] = {}

    def add(self, object_: str, path: str, behaviour: Behaviour, note: str) -> None:
        """Record one field; list positions are left out, so that ten containers give one line."""
        field = _INDEX.sub("[]", path)
        self._found.setdefault((object_, field), FieldReport(object_, field, behaviour, note))

    def collected(self) -> tuple[FieldReport, ...]:
        """Return the reports in the order in which the fields were met."""
        return tuple(self._found.values())


class At:
    """A place in a document: it names itself in errors and reports."""

    __slots__ = ("object", "path", "reports")

    def __init__(self, object_: str, path: str, reports: Reports) -> None:
        self.object = object_
        self.path = path
        self.reports = reports

    def child(self, key: str) -> "At":
        """Return the place of a field."""
        return At(self.object, f"{self.path}.{key}" if self.path else key, self.reports)

    def item(self, index: int) -> "At":
        """Return the place of an item of a list."""
        return At(self.object, f"{self.path}[{index}]", self.reports)

    def error(self, message: str, hint: str | None = None) -> ConfigurationError:
        """Return the error that says what is wrong at this place."""
        return refusal(self.object, self.path, message, hint)

    def report(self, behaviour: Behaviour, note: str) -> None:
        """Say how the field at this place is treated."""
        self.reports.add(self.object, self.path, behaviour, note)


def refusal(object_: str, path: str, message: str, hint: str | None = None) -> ConfigurationError:
    """Return the error that says what is wrong with which object, for whoever knows what wrote it."""
    kind, _, name = object_.partition("/")
    about = About(kind, name, path=path or "metadata.name")
    return ConfigurationError(f"{object_}: {path or 'the document'}: {message}", hint=hint, about=about)


Parser = Callable[[Any, At], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One field: how it is treated, its handler (None where it is ignored) and why."""

    behaviour: Behaviour
    handler: Parser | None = None
    note: str = ""
    required: bool = False

    def __post_init__(self) -> None:
        if (self.handler is None) != (self.behaviour == "ignored"):
            raise ValueError("a field is honoured or emulated exactly when a handler reads it")


def honoured(handler: Parser, note: str = "") -> Row:
    """Return the row of a field that has its Kubernetes meaning here."""
    return Row("honoured", handler, note)


def required(handler: Parser, note: str = "") -> Row:
    """Return the row of an honoured field that has to be there."""
    return Row("honoured", handler, note, required=True)


def emulated(handler: Parser, note: str) -> Row:
    """Return the row of a field whose meaning this machine can only come near to."""
    return Row("emulated", handler, note)


def ignored(note: str) -> Row:
    """Return the row of a field that changes nothing here."""
    return Row("ignored", None, note)


class Record(Generic[T]):
    """A map with known fields, built into one typed value; others are ignored, and their note says why."""

    __slots__ = ("_required", "build", "others", "rows")

    def __init__(
        self, build: Callable[[Fields, At], T], rows: Mapping[str, Row], others: str = UNKNOWN
    ) -> None:
        self.build = build
        self.rows = dict(rows)
        self.others = others
        self._required = tuple(name for name, row in rows.items() if row.required)

    def __call__(self, value: Any, at: At) -> T:
        """Parse one map; null means absent, as in Kubernetes."""
        if not isinstance(value, Mapping):
            raise at.error(f"a map is expected, not {kind_of(value)}")
        found: Fields = {}
        rows = self.rows
        for key, item in value.items():
            if item is None:
                continue
            row = rows.get(key)
            if row is None:
                at.child(str(key)).report("ignored", self.others)
                continue
            place = at.child(key)
            if row.behaviour != "honoured":
                place.report(row.behaviour, row.note)
            if row.handler is not None:
                found[key] = row.handler(item, place)
        for key in self._required:
            if key not in found:
                raise at.child(key).error("is missing")
        return self.build(found, at)


class ListOf(Generic[T]):
    """A list whose items all have one handler."""

    __slots__ = ("item",)

    def __init__(self, item: Callable[[Any, At], T]) -> None:
        self.item = item

    def __call__(self, value: Any, at: At) -> tuple[T, ...]:
        """Parse every item of a list."""
        if not isinstance(value, list | tuple):
            raise at.error(f"a list is expected, not {kind_of(value)}")
        return tuple(self.item(item, at.item(index)) for index, item in enumerate(value))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: its API group, how it is treated as a whole, and the handler of its document."""

    group: str
    name: str
    behaviour: Behaviour
    record: Record[Any] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of docs/reference/fields.md; field is empty for the kind as a whole."""

    kind: str
    field: str
    behaviour: Behaviour
    handler: str
    note: str


def rows_of(kind: Kind) -> Iterator[TableRow]:
    """Walk the table of a kind."""
    yield TableRow(kind.name, "", kind.behaviour, name_of(kind.record) if kind.record else "", kind.note)
    if kind.record is not None:
        yield from _walk(kind.name, "", kind.record)


def records_of(parser: Any) -> Iterator[tuple[str, Record[Any]]]:
    """Walk every record below a handler with its path, itself included."""
    stack: list[tuple[str, Any]] = [("", parser)]
    while stack:
        path, current = stack.pop()
        if isinstance(current, ListOf):
            stack.append((f"{path}[]", current.item))
        elif isinstance(current, Record):
            yield path, current
            stack.extend((_join(path, name), row.handler) for name, row in current.rows.items())


def name_of(handler: Any) -> str:
    """Return the name by which the table shows a handler."""
    if isinstance(handler, ListOf):
        return f"list of {name_of(handler.item)}"
    if isinstance(handler, Record):
        return name_of(handler.build)
    return str(getattr(handler, "__name__", type(handler).__name__)).strip("_").replace("_", " ")


def kind_of(value: Any) -> str:
    """Name the type of a value in words, never the value: it may be a secret."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        (int, "a whole number"),
        (float, "a number"),
        (str, "text"),
        (Mapping, "a map"),
        ((list, tuple), "a list"),
    )
    if value is None:
        return "nothing"
    return next((name for type_, name in names if isinstance(value, type_)), type(value).__name__)


def _walk(kind: str, path: str, record: Record[Any]) -> Iterator[TableRow]:
    for name, row in record.rows.items():
        where = _join(path, name)
        yield TableRow(kind, where, row.behaviour, name_of(row.handler) if row.handler else "", row.note)
        handler = row.handler
        while isinstance(handler, ListOf):
            where, handler = f"{where}[]", handler.item
        if isinstance(handler, Record):
            yield from _walk(kind, where, handler)
    if record.others != UNKNOWN:
        yield TableRow(kind, _join(path, "*"), "ignored", "", record.others)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
