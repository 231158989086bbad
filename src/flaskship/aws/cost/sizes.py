"""How large an environment is: what the stacks' variables say, the environment's file over defaults."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from flaskship.aws.literals import read_defaults, read_settings
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

STACKS = ("network", "platform", "app")
"""Those that each environment has; bootstrap and account are made once and shared."""

PLACE = Path("infra/terraform/aws/stacks")

TABLE = Path("infra/secrets.yaml")
"""The entries that the stack app makes, by environment."""

Sizes = Mapping[str, Mapping[str, Any]]
"""Stack -> variable -> value."""


def read_sizes(root: Path, environment: str) -> Sizes:
    """Return the sizes of an environment's stacks; ConfigurationError where a file is missing or unread."""
    found = {stack: _stack(root / PLACE / stack, environment) for stack in STACKS}
    return found | {"app": found["app"] | {"secrets": _secrets(root / TABLE, environment)}}


def _secrets(file: Path, environment: str) -> Sequence[str]:
    """Return the names of the environment's entries: none where the table leaves it out."""
    try:
        table = yaml.safe_load(file.read_text())
        return sorted(table["environments"].get(environment) or {})
    except FileNotFoundError:
        hint = f"the secrets of {environment} are counted there"
        raise ConfigurationError("there is no table of secrets", location=Location(file), hint=hint) from None
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        message = f"the table of secrets: {type(error).__name__}: {error}"
        hint = "it has environments, each with its entries by name"
        raise ConfigurationError(message, location=Location(file), hint=hint) from None


def _stack(folder: Path, environment: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file, read in (
        (folder / "variables.tf", read_defaults),
        (folder / "environments" / f"{environment}.tfvars", read_settings),
    ):
        try:
            found.update(read(file))
        except FileNotFoundError:
            message = f"the stack {folder.name} has no such file"
            hint = f"the cost of {environment} is read from {PLACE}/{{{','.join(STACKS)}}}"
            raise ConfigurationError(message, location=Location(file), hint=hint) from None
    return found
