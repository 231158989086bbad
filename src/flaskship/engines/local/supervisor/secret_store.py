"""ConfigMaps and Secrets of a release, with those that an operator would bring on a cluster."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.resolve.secret_file import load_secrets, save_secrets
from flaskship.engines.local.resolve.secrets import ANY_KEY, plan_secrets
from flaskship.engines.local.spec import Configuration, LocalRelease
from flaskship.engines.local.steps import step
from flaskship.engines.local.supervisor.generation import KeyOf
from flaskship.model.errors import About, ConfigurationError, KeyMissingError, SecretMissingError
from flaskship.model.location import Location

RANDOM_BYTES = 24
SAVE_SECRETS = step("save_secrets")


def configurations_of(
    paths: LocalPaths, environment: str, release: LocalRelease
) -> Mapping[KeyOf, Configuration]:
    """Return every ConfigMap and Secret by kind and name; ConfigurationError names a key to fill in."""
    file = paths.secrets(environment)
    data = paths.environment(environment) / "data"
    stored = load_secrets(file)
    plan = plan_secrets(
        release, stored, lambda: secrets.token_urlsafe(RANDOM_BYTES), f"sqlite:///{data / 'app.db'}"
    )
    if plan.needed:
        raise _needed(plan.needed, file)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if plan.stored_after != stored:
        with SAVE_SECRETS:
            save_secrets(file, plan.stored_after)
    found: dict[KeyOf, Configuration] = {(c.kind, c.name): c for c in release.configurations}
    found |= {("Secret", secret.name): secret for secret in plan.secrets}
    return found


def _needed(needed: tuple[tuple[str, str, str], ...], file: Path) -> ConfigurationError:
    """Return what a person has to do: correct the name of a Secret that nobody knows, or fill in keys."""
    wanted = "; ".join(f"{secret}/{key} ({reason})" for secret, key, reason in needed)
    message = f"this machine cannot make up {wanted}"
    unknown = next((secret for secret, key, _ in needed if key == ANY_KEY), None)
    if unknown is None:
        return KeyMissingError(
            message,
            location=Location(file),
            hint='Write each there, as `SECRET:` and below it `  KEY: "value"`, and run the command again.',
        )
    return SecretMissingError(
        f"Secret {unknown!r} is read whole, and no manifest brings it or says which keys it has",
        hint=f"Correct the name, let a manifest bring the Secret, or write its keys into {file}, "
        'as `SECRET:` and below it `  KEY: "value"`.',
        about=About("Secret", unknown),
    )
