"""Feature flags: FEATURES is a JSON object, parsed into one typed record."""

import json
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Features:
    """What can be switched per environment."""

    webhooks: bool = True
    """Reminders may name a webhook; off, the API refuses new ones (those that exist are still delivered)."""
    admin_search: bool = True
    """The Admin page has its search field."""


class FeaturesError(ValueError):
    """FEATURES is not what it must be."""


def parse_features(text: str) -> tuple[Features, tuple[str, ...]]:
    """Read the flags; unknown names are returned aside, because an older image must survive a newer chart."""
    if not text.strip():
        return Features(), ()
    try:
        document = json.loads(text)
    except ValueError as error:
        raise FeaturesError(f"FEATURES is not JSON: {error}") from None
    if document is None:  # what a template writes where nothing is chosen
        return Features(), ()
    if not isinstance(document, dict):
        raise FeaturesError('FEATURES must be a JSON object such as {"webhooks": false}')
    known = {field.name for field in fields(Features)}
    chosen: dict[str, bool] = {}
    for name, value in document.items():
        if name not in known:
            continue
        if not isinstance(value, bool):
            raise FeaturesError(f"FEATURES: {name} must be true or false, not {json.dumps(value)[:60]}")
        chosen[name] = value
    return Features(**chosen), tuple(sorted(set(document) - known))
