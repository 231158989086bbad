"""Writes docs/reference/fields.md from the table of fields."""

import sys
from collections.abc import Iterable
from pathlib import Path

from flaskship.engines.local.manifests.kinds import fields_table
from flaskship.engines.local.manifests.table import TableRow

PLACE = Path("docs/reference/fields.md")
_HEAD = """\
# What the local engine does with each field

Generated from the table that the engine parses with; a test fails when it is stale. To write it again:
`python -m flaskship.engines.local.manifests.reference`.

- **honoured**: it has its Kubernetes meaning here.
- **emulated**: this machine comes near to its meaning; the note says how.
- **ignored**: it changes nothing here; the note says why.

A field that is not listed is reported as ignored, "unknown here"; so is an object of an unlisted kind.
The fields of a pod template are the same in every kind that has one and stand under Deployment.
"""


def page(rows: Iterable[TableRow]) -> str:
    """Return the page; a pod template is printed once."""
    lines = [_HEAD]
    for row in rows:
        if not row.field:
            lines.append(f"\n## {row.kind}\n\n**{row.behaviour}**{_note(row)}\n")
            if row.handler:
                lines.append("| Field | Behaviour | Read as | Note |\n|---|---|---|---|")
        elif not _repeated(row):
            lines.append(f"| `{row.field}` | {row.behaviour} | {row.handler} | {row.note} |")
    return "\n".join(lines) + "\n"


def _note(row: TableRow) -> str:
    return f": {row.note}." if row.note else "."


def _repeated(row: TableRow) -> bool:
    if row.kind == "Pod":
        return row.field.startswith("spec.")
    return row.kind != "Deployment" and row.field.startswith("spec.template.")


def main() -> None:
    """Write the page below the folder that the command runs in, or the one it is given."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    place = root / PLACE
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(page(fields_table()), encoding="utf-8")


if __name__ == "__main__":
    main()
