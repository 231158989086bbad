"""The file of prices: what things cost, from where and when that is known, and what is assumed of use."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

Unit = Literal["hour", "month", "GB", "GB-month", "million"]

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
        given = tomllib.loads(file.read_text(), parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigurationError("there is no file of prices", location=Location(file)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the file of prices: {error}", location=Location(file)) from None
    try:
        use = dict(given["use"])
        compared = {name: str(entry["what"]) for name, entry in given.get("compared", {}).items()}
        return Prices(
            file=file,
            region=given["region"],
            currency=given["currency"],
            source=given["source"],
            date=str(given["date"]),
            compared=compared,
            prices={name: _price(entry, compared) for name, entry in given["price"].items()},
            spot_share=Decimal(use.pop("spot_share")),
            use={name: {key: Decimal(value) for key, value in entry.items()} for name, entry in use.items()},
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        message = f"the file of prices: {type(error).__name__} {error}"
        hint = "it has region, currency, source, date, [price.NAME] with usd and per, [use] and [use.ENV]"
        raise ConfigurationError(message, location=Location(file), hint=hint) from None


def _price(entry: Mapping[str, Any], known: Mapping[str, str]) -> Price:
    unknown = entry.keys() - {"usd", "per", "vcpu", "gib", "compared"}
    if unknown or entry["per"] not in get_args(Unit) or not Decimal(entry["usd"]) >= 0:
        raise ValueError(f"of {dict(entry)}: usd is not negative, per is one of {', '.join(get_args(Unit))}")
    compared = entry.get("compared")
    if compared is not None and compared not in known:
        raise ValueError(f"of {dict(entry)}: there is no table [compared.{compared}]")
    offered = {key: Decimal(entry[key]) for key in ("vcpu", "gib") if key in entry}
    return Price(Decimal(entry["usd"]), entry["per"], **offered, compared=compared)
