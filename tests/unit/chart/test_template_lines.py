"""Where the chart's files write a field: exact for manifests as they stand, certain for templates."""

from pathlib import Path

import pytest

from flaskship.chart.template_lines import line_of

PLAIN = """\
# two objects of one file
---
kind: Service
metadata: {name: web}
spec:
  ports:
    - port: 80
      nodePort: 30080
---
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          image: demo:1.0
          envFrom:
            - secretRef: {name: nowhere}
"""
TEMPLATE = """\
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  template:
    spec:
      containers:
        - name: web
          image: {{ .Values.image }}
          command: {{ toJson .Values.command }}
        - name: beside
          image: other
"""
SERVICE = {"kind": "Service", "metadata": {"name": "web"}}
DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "web"}}
CONTAINER = "spec.template.spec.containers[0]"


def found(tmp_path: Path, text: str, document: dict[str, object], field: str) -> int:
    file = tmp_path / "web.yaml"
    file.write_text(text)
    location = line_of(file, document, field)
    assert location.file == str(file)
    return location.line


@pytest.mark.parametrize(
    ("document", "field", "line"),
    [
        (SERVICE, "spec.ports[0].nodePort", 8),
        (SERVICE, "spec.ports", 6),
        (DEPLOYMENT, f"{CONTAINER}.image", 18),
        (DEPLOYMENT, f"{CONTAINER}.envFrom[0].secretRef.name", 20),
        (DEPLOYMENT, f"{CONTAINER}.command", 17),
        (DEPLOYMENT, "spec.progressDeadlineSeconds", 13),
    ],
)
def test_a_manifest_as_it_stands_is_read_to_the_line(tmp_path, document, field, line):
    assert found(tmp_path, PLAIN, document, field) == line


def test_an_object_that_is_not_in_the_file_has_the_file_alone(tmp_path):
    assert found(tmp_path, PLAIN, {"kind": "Job", "metadata": {"name": "web"}}, "spec") == 0


@pytest.mark.parametrize(("field", "line"), [("command", 10), ("image", 7), ("envFrom[0].secretRef.name", 7)])
def test_of_a_template_only_what_it_writes_once_is_certain(tmp_path, field, line):
    assert found(tmp_path, TEMPLATE, DEPLOYMENT, f"{CONTAINER}.{field}") == line


def test_a_file_that_is_gone_is_named_all_the_same(tmp_path):
    location = line_of(tmp_path / "gone.yaml", DEPLOYMENT, "spec")
    assert (Path(location.file).name, location.line) == ("gone.yaml", 0)
