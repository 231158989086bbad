"""Objects of two revisions as one chart: what Helm can be told when no chart renders what shall run."""

import contextlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flaskship.model.release import Document

OBJECTS, HOOKS, NOTES = "objects.yaml", "hooks.yaml", "notes.txt"
KEPT = ("apiVersion", "name", "version", "appVersion", "kubeVersion", "description", "type")
"""What a chart says of itself that stays true of this one; its dependencies are rendered by now."""


@contextlib.contextmanager
def chart_of(stored: Mapping[str, Any], documents: Iterable[Document]) -> Iterator[str]:
    """Yield the folder of a chart that renders these objects, with the hooks and notes of a stored release.

    It is private and goes again: the objects may hold Secrets.
    """
    chart = (stored.get("chart") or {}).get("metadata") or {}
    said = {key: chart[key] for key in KEPT if chart.get(key)}
    hooks = [str(one.get("manifest") or "") for one in stored.get("hooks") or ()]
    # JSON is YAML in which no text looks like a number; what is read by .Files is no template.
    files = {
        "Chart.yaml": json.dumps({"apiVersion": "v2", "name": "mixture", "version": "0.0.0", **said}),
        OBJECTS: "".join(f"---\n{json.dumps(one, indent=2)}\n" for one in documents),
        HOOKS: "".join(f"---\n{one}\n" for one in hooks if one),
        NOTES: str((stored.get("info") or {}).get("notes") or ""),
        f"templates/{OBJECTS}": f'{{{{ .Files.Get "{OBJECTS}" }}}}\n',
        f"templates/{HOOKS}": f'{{{{ .Files.Get "{HOOKS}" }}}}\n',
        "templates/NOTES.txt": f'{{{{ .Files.Get "{NOTES}" }}}}',
    }
    with tempfile.TemporaryDirectory(prefix="flaskship-chart-") as folder:
        (Path(folder) / "templates").mkdir()
        for name, content in files.items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        yield folder
