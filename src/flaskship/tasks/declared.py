"""What the values declare of what is in no manifest: where the database is, what somebody else makes."""

import json
from collections.abc import Mapping

from flaskship.chart.spelling import nearest
from flaskship.policy.context import Declared
from flaskship.tasks.places import escaped, names_at, value_at
from flaskship.tasks.world import Layered, World

WAYS = ("secrets.provider", "aws.identity", "aws.createServiceAccount")


def declared_database(world: World, layered: Layered) -> Declared:
    """What the values declare of the database; a value of another type is the schema's business."""
    networks = value_at(world, layered, "networkPolicy.databaseCidrs")
    port = value_at(world, layered, "networkPolicy.databasePort")
    return Declared(
        tuple(one for one in networks if isinstance(one, str)) if isinstance(networks, list) else (),
        int(port) if isinstance(port, int | float) else Declared().port,
    )


def declared_ways(world: World, layered: Layered) -> Mapping[str, str]:
    """The ways to secrets and to an identity that the values choose, by path."""
    found = {path: value_at(world, layered, path) for path in WAYS}
    return {
        path: json.dumps(value) if isinstance(value, bool) else str(value)
        for path, value in found.items()
        if value is not None
    }


def declared_outside(world: World, layered: Layered) -> Mapping[tuple[str, str], frozenset[str] | None]:
    """What the values declare that somebody else makes, with the keys that they name."""
    found: dict[tuple[str, str], frozenset[str] | None] = {}
    for name in names_at(world, layered, "secrets.existing"):
        keys = value_at(world, layered, f"secrets.existing.{escaped(name)}")
        if isinstance(keys, list):
            found["Secret", name] = frozenset(map(str, keys)) or None
    shared = str(value_at(world, layered, "secrets.appSecrets"))
    # A name that is almost a declared one is more likely a slip than a second Secret.
    misspelt = ("Secret", shared) not in found and nearest(shared, (name for _, name in found))
    if value_at(world, layered, "secrets.provider") == "existing" and not misspelt:
        found.setdefault(("Secret", shared), None)
    if value_at(world, layered, "aws.createServiceAccount") is False:
        found["ServiceAccount", str(value_at(world, layered, "aws.serviceAccount"))] = None
    return found
