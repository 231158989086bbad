"""What this machine ignores of a release, one entry for each reason, so that many fields are few lines."""

import re
from collections.abc import Sequence

from flaskship.engines.base import Ignored
from flaskship.engines.local.manifests.release import read_release
from flaskship.model.release import Document

_INSIDE = re.compile(r"^spec\.(?:jobTemplate\.spec\.)?template\.(?:spec\.)?(?:(?:initC|c)ontainers\[\]\.)?")


def ignored_of(documents: Sequence[Document]) -> tuple[Ignored, ...]:
    """Return the fields and kinds that change nothing here, by the reason that the table of fields gives."""
    fields: dict[str, dict[str, None]] = {}
    objects: dict[str, dict[str, None]] = {}
    for report in read_release(documents).reports:
        if report.behaviour == "ignored":
            fields.setdefault(report.note, {})[_shown(report.object, report.field)] = None
            objects.setdefault(report.note, {})[report.object] = None
    return tuple(Ignored(tuple(fields[reason]), tuple(objects[reason]), reason) for reason in fields)


def _shown(object_: str, field: str) -> str:
    kind = object_.partition("/")[0]
    if not field:
        return kind
    inside = _INSIDE.sub("", field)
    return inside if inside != field else f"{kind} {field}"
