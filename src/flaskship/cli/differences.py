"""What diff found, as lines for a person and as fields for a script."""

import json
from collections.abc import Iterator
from typing import Any

from flaskship.chart.difference import Change, Difference, FieldChange, ObjectChange
from flaskship.cli.clean import printable
from flaskship.tasks.diff import Compared, Side

LONGEST_VALUE = 100
_SIGNS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~", Change.KEPT: "="}
_COLOURS = {"+": "32", "-": "31", "~": "33"}


def diff_document(compared: Compared) -> dict[str, Any]:
    """The fields of a diff."""
    side, found = compared.against, compared.difference
    return {
        "environment": compared.environment,
        "against": {
            "environment": side.environment,
            "engine": side.engine,
            "revision": side.revision,
            "note": side.note or None,
        },
        **changes_document(found),
    }


def changes_document(found: Difference) -> dict[str, Any]:
    """The objects that change, by application, and the applications that do not."""
    return {
        "applications": [
            {
                "name": name,
                "objects": [_object(one) for one in found.changes if one.application == name],
            }
            for name in found.applications
        ],
        "unchanged": list(found.unchanged),
    }


def diff_screen(compared: Compared) -> Iterator[str]:
    """Each application with its objects and their fields, then those for which nothing changes."""
    yield f"{compared.environment} against {_side(compared.against)}"
    if compared.against.note:
        yield f"note: {compared.against.note}"
    yield from change_lines(compared.difference)


def change_lines(found: Difference) -> Iterator[str]:
    """Each application with its objects and their fields, then those for which nothing changes."""
    for name in found.applications:
        yield name or "the environment as a whole"
        for one in found.changes:
            if one.application == name:
                stays = " (stays: helm.sh/resource-policy is keep)" if one.change is Change.KEPT else ""
                yield f"  {_SIGNS[one.change]} {one.kind} {one.name}{stays}"
                for field in one.fields:
                    yield f"    {_field(field)}"
    for name in found.unchanged:
        yield f"nothing changes for {name}"
    if not found.changes:
        yield "nothing changes"


def paint(line: str) -> str:
    """Return a line of the screen in the colour of its sign."""
    colour = _COLOURS.get(line.lstrip()[:1]) if line.startswith("  ") else None
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


def _side(side: Side) -> str:
    if side.engine is None:
        return f"{side.environment} (the names of release and namespace left out)"
    return f"{side.engine}, revision {side.revision}" if side.revision is not None else side.engine


def _object(one: ObjectChange) -> dict[str, Any]:
    fields = [
        {"path": field.path, "before": field.before, "after": field.after, "masked": field.masked}
        for field in one.fields
    ]
    return {"kind": one.kind, "name": one.name, "change": str(one.change), "fields": fields}


def _field(field: FieldChange) -> str:
    if field.before is None:
        return f"+ {printable(field.path)}: {_shown(field.after)}"
    if field.after is None:
        return f"- {printable(field.path)}: {_shown(field.before)}"
    changed = " (changed)" if field.masked else ""
    return f"~ {printable(field.path)}: {_shown(field.before)} -> {_shown(field.after)}{changed}"


def _shown(value: Any) -> str:
    text = printable(value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
