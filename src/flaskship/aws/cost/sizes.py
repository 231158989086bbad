"""How large an environment is: what the stacks' variables say, the environment's file over defaults."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flaskship.aws.literals import read_defaults, read_settings
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

STACKS = ("network", "platform", "app")
"""Those that each environment has; bootstrap and account are made once and shared."""

PLACE = Path("infra/terraform/aws/stacks")

Sizes = Mapping[str, Mapping[str, Any]]
"""Stack -> variable -> value."""


def read_sizes(root: Path, environment: str) -> Sizes:
    """Return the sizes of an environment's stacks; ConfigurationError where a file is missing or unread."""
    return {stack: _stack(root / PLACE / stack, environment) for stack in STACKS}


def _stack(folder: Path, environment: str) -> Mapping[str, Any]:
    found = {}
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
