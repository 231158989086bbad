"""A chart that renders objects as they are: by Helm itself, whatever stands in them."""

import json
import stat
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from flaskship.engines.kubernetes.mixture import chart_of

SAID = {"apiVersion": "v2", "name": "my-app", "version": "0.1.0", "appVersion": "1.0"}
TEST = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "t", "annotations": {"helm.sh/hook": "test"}}}
STORED = {
    "chart": {"metadata": {**SAID, "dependencies": [{"name": "gone"}]}},
    "config": {"environment": "dev"},
    "info": {"notes": "Answers at {{ nowhere }}"},
    "hooks": [{"name": "t", "manifest": json.dumps(TEST)}],
}


def config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def rendered(folder: str) -> str:
    with helm_python.Chart.load(folder) as chart:
        files = chart.render(values={}, name="dev-apps", namespace="shop")
    return next(text for name, text in files.items() if name.endswith("/templates/objects.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        "{{ .Values.password }}",
        "1e3",
        "on",
        "0o7",
        "null",
        "a\n---\nkind: Pod\n",
        " ü \t",
        "{{/* gone */}}",
        "~",
    ],
)
def test_what_helm_renders_is_what_was_given(text: str) -> None:
    with chart_of(STORED, [config(key=text), config(other="x")]) as folder:
        manifest = rendered(folder)
    found = [one for one in yaml.safe_load_all(manifest) if one]
    assert [one["data"] for one in found] == [{"key": text}, {"other": "x"}]


def test_the_chart_is_called_as_the_revisions_was_and_needs_no_other() -> None:
    with chart_of(STORED, [config(key="x")]) as folder:
        said = json.loads((Path(folder) / "Chart.yaml").read_text())
    assert said == SAID


def test_it_is_private_and_gone_afterwards() -> None:
    with chart_of(STORED, [config(key="x")]) as folder:
        assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    assert not Path(folder).exists()


def test_tests_and_notes_of_the_revision_stay() -> None:
    with chart_of(STORED, []) as folder:
        assert json.loads((Path(folder) / "hooks.yaml").read_text().removeprefix("---\n")) == TEST
        assert (Path(folder) / "notes.txt").read_text() == "Answers at {{ nowhere }}"
