"""Which keys of Secrets a deploy had made up: a name that nobody brings may be a slip of the hand."""

from contextlib import suppress

from flaskship.engines.base import Engine, MakesSecrets
from flaskship.model.errors import FlaskshipError
from flaskship.tasks.world import Report


def made_secrets(engine: Engine, environment: str) -> frozenset[str]:
    """Return NAME/KEY of what the engine keeps for an environment; nothing where it makes none up."""
    with suppress(FlaskshipError):
        if isinstance(engine, MakesSecrets):
            return frozenset(engine.made_secrets(environment))
    return frozenset()


def tell_made_secrets(
    engine: Engine, environment: str, known: frozenset[str], report: Report
) -> tuple[str, ...]:
    """Return the keys that came to be since known, and name them; never a value."""
    new = tuple(sorted(made_secrets(engine, environment) - known))
    if new:
        report.step(
            f"{environment}: no manifest brings these Secrets, so they were made up for this machine: "
            f"{', '.join(new)}"
        )
    return new
