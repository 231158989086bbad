"""The file of prices: what things cost, from where and when that is known, and what is assumed of use."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast, get_args

from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

Unit = Literal["hour", "month", "GB", "GB-month", "million"]

FIELDS = ("usd", "per", "vcpu", "gib", "compared")
HOURS = 730
"""Of a month, as AWS's own calculator has it."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one of something costs; a node's price also says what the node offers."""

    usd: Decimal
    per: Unit
    vcpu: Decimal | None = None
    gib: Decimal | None = None
    compared: str | None = None
    """What it was last held against, by its name in the file; None where somebody only wrote it down."""

    @property
    def monthly(self) -> Decimal:
        """What one costs for a whole month."""
        return self.usd * HOURS if self.per == "hour" else self.usd


@dataclass(frozen=True, slots=True)
class Prices:
    """A region's prices."""

    file: Path
    region: str
    currency: str
    source: str
    date: str
    compared: Mapping[str, str]
    """What prices were held against, by name."""
    prices: Mapping[str, Price]
    spot_share: Decimal
    use: Mapping[str, Mapping[str, Decimal]]

    def price(self, name: str) -> Price:
        """Return a price; ConfigurationError says what to write where there is none."""
        if name in self.prices:
            return self.prices[name]
        hint = f'write a table [price."{name}"] with usd and per there'
        raise ConfigurationError(f"there is no price of {name}", location=Location(self.file), hint=hint)

    @property
    def unproven(self) -> tuple[str, ...]:
        """Return the names of the prices that were held against nothing."""
        return tuple(sorted(name for name, price in self.prices.items() if price.compared is None))

    def used(self, environment: str, what: str) -> Decimal:
        """Return what is assumed of an environment's use in a month."""
        try:
            return self.use[environment][what]
        except KeyError:
            hint = f"write {what} into the table [use.{environment}] there"
            message = f"nothing is assumed of {what} in {environment}"
            raise ConfigurationError(message, location=Location(self.file), hint=hint) from None


def load_prices(file: Path) -> Prices:
    """Read a file of prices; ConfigurationError says what is wrong with it."""
    try:
        text = file.read_text()
        given = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigurationError("there is no file of prices", location=Location(file)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the file of prices: {error}", location=Location(file)) from None
    read = _Reader(file, text)
    compared = {
        name: read.words(f"compared.{name}", entry, "what") for name, entry in read.tables(given, "compared")
    }
    use = dict(read.table(given, "use"))
    share = read.number("use", use, "spot_share")
    return Prices(
        file=file,
        region=read.words("", given, "region"),
        currency=read.words("", given, "currency"),
        source=read.words("", given, "source"),
        date=str(read.value("", given, "date")),
        compared=compared,
        prices={name: _price(read, name, entry, compared) for name, entry in read.tables(given, "price")},
        spot_share=share,
        use={
            name: {key: read.number(f"use.{name}", entry, key) for key in entry}
            for name, entry in read.tables(
                {"use": {k: v for k, v in use.items() if k != "spot_share"}}, "use"
            )
        },
    )


def _price(read: "_Reader", name: str, entry: Mapping[str, Any], known: Mapping[str, str]) -> Price:
    table = f'price."{name}"'
    for field in entry:
        if field not in FIELDS:
            raise read.wrong(table, field, f"is no field of a price: {', '.join(FIELDS)} are")
    per = read.words(table, entry, "per")
    if per not in get_args(Unit):
        raise read.wrong(table, "per", f"is {per!r}, and must be one of {', '.join(get_args(Unit))}")
    compared = read.words(table, entry, "compared") if "compared" in entry else None
    if compared is not None and compared not in known:
        raise read.wrong(table, "compared", f"is {compared!r}, and there is no table [compared.{compared}]")
    offered = {key: read.number(table, entry, key) for key in ("vcpu", "gib") if key in entry}
    return Price(read.number(table, entry, "usd"), cast(Unit, per), **offered, compared=compared)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values of the file; each refusal names table, field and line."""

    file: Path
    text: str

    def value(self, table: str, entry: Mapping[str, Any], field: str) -> Any:
        if field not in entry:
            raise self.wrong(table, field, "is not there")
        return entry[field]

    def words(self, table: str, entry: Mapping[str, Any], field: str) -> str:
        value = self.value(table, entry, field)
        if not isinstance(value, str) or not value:
            raise self.wrong(table, field, f"is {_shown(value)}, and must be a text")
        return value

    def number(self, table: str, entry: Mapping[str, Any], field: str) -> Decimal:
        value = self.value(table, entry, field)
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise self.wrong(table, field, f"is {_shown(value)}, and must be a number without quotes")
        if not Decimal(value).is_finite() or value < 0:
            raise self.wrong(table, field, f"is {_shown(value)}, and must not be negative")
        return Decimal(value)

    def table(self, given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = given.get(name, {} if name == "compared" else None)
        if not isinstance(found, Mapping):
            raise self.wrong("", name, f"is not there as a table: write [{name}...]")
        return found

    def tables(self, given: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for own, entry in self.table(given, name).items():
            if not isinstance(entry, Mapping):
                raise self.wrong(
                    name, own, f"is {_shown(entry)}, and must be a table of its own: [{name}.{own}]"
                )
            yield own, entry

    def wrong(self, table: str, field: str, what: str) -> ConfigurationError:
        where = f"[{table}]: {field}" if table else field
        hint = "it has region, currency, source, date, [price.NAME] with usd and per, [use] and [use.ENV]"
        location = Location(self.file, _line(self.text, table, field))
        return ConfigurationError(f"the file of prices: {where} {what}", location=location, hint=hint)


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _line(text: str, table: str, field: str) -> int:
    """Return the line of a table's field, else that of the table, else 0; the parser tells none."""
    inside, begins = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[([^\[\]]+)\]\s*(#.*)?$", line):
            inside = head[1].replace('"', "").strip()
            begins = number if inside == table.replace('"', "") else begins
        elif inside == table.replace('"', "") and re.match(rf'\s*"?{re.escape(field)}"?\s*=', line):
            return number
    return begins
