"""Where in the values stands what a migration may blame: exactly there, or nowhere."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flaskship.model.location import Location
from flaskship.model.release import Document
from flaskship.tasks.migration import MOUNTS, migration_of
from flaskship.tasks.places import application_path, entries, extra_path, place, set_above
from flaskship.tasks.prepare import Draft
from flaskship.tasks.setters import pod_of, setter_of
from flaskship.tasks.world import World

VARIABLE = "env."
_OBJECT = re.compile(r"(?P<kind>ConfigMap|Secret)/(?P<name>.+)")
_ENTRY = re.compile(r"(?P<list>volumes|volumeMounts)\[(?P<index>\d+)\]")


def place_of(
    world: World, plan: Draft, document: Document, application: str, field: str, secrets: Path | None
) -> Location | None:
    """Where the value stands that a migration blames; None where none is its very own."""
    root, layered = application_path(application), plan.layered
    if field in ("command", "args"):
        return None  # The values have those of the main container alone.
    if _OBJECT.fullmatch(field):
        return content_place(world, plan, field)
    if field.startswith(VARIABLE):
        return setter_of(world, plan, document, application, field.removeprefix(VARIABLE), secrets)
    if found := _ENTRY.fullmatch(field):
        given = (migration_of(document) if found["list"] == MOUNTS else pod_of(document)).get(found["list"])
        return _entry(world, plan, document, root, found["list"], (given or [])[int(found["index"])])
    if field == MOUNTS:  # What was taken away stands nowhere, unless somebody has written the list anew.
        said = set_above(world, layered, f"{root}.{field}")
        return said.location if said is not None else None
    return _exactly(world, plan, f"{root}.{field}")


def content_place(world: World, plan: Draft, field: str) -> Location | None:
    """Where the values hold whole an object that is mounted or read as variables."""
    found = _OBJECT.fullmatch(field)
    extra = extra_path(world, plan.layered, found["kind"], found["name"]) if found else None
    return place(world, plan.layered, f"{extra}.data") if extra else None


def _entry(
    world: World, plan: Draft, document: Document, root: str, kind: str, given: Mapping[str, Any]
) -> Location | None:
    """Where the values have an entry of a list that the pod took over, or what brought the chart's own."""
    told = ("name", "mountPath", "subPath") if kind == MOUNTS else ("name",)
    for at, entry in entries(world, plan.layered, f"{root}.{kind}"):
        if all(entry.at(one).text == given.get(one) for one in told):
            return place(world, plan.layered, at)
    volumes = {one.get("name"): one for one in pod_of(document).get("volumes") or ()}
    behind = volumes.get(given.get("name")) or {}
    below = "mountPath" if kind == MOUNTS else None
    for part, values, switch in (
        ("persistentVolumeClaim", "persistence", "enabled"),
        ("secret", "secrets", "provider"),
    ):
        if part in behind:
            return _exactly(world, plan, f"{values}.{below or switch}")
    return None


def _exactly(world: World, plan: Draft, path: str) -> Location | None:
    origins = world.origins(plan.layered, path)
    # A layer may answer with the list or the null that stands above it.
    told = origins and origins[-1].path.endswith(path.rpartition(".")[2])
    return origins[-1].location if told else None
