"""The table cannot lie: what it calls honoured is read, and what is read is in it."""

import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flaskship.engines.local.manifests import fields_table, read_release
from flaskship.engines.local.manifests.kinds import KINDS
from flaskship.engines.local.manifests.reference import PLACE, page
from flaskship.engines.local.manifests.table import Row, name_of, records_of
from flaskship.engines.local.manifests.volumes import _ELSEWHERE

ROOT = Path(__file__).parents[5]
READ_BY_THE_RELEASE_ITSELF = {"apiVersion", "kind", "namespace"}


class Remembering(dict):
    """A map that remembers what was read from it."""

    def __init__(self, content, read):
        super().__init__(content)
        self.read = read

    def __getitem__(self, key):
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        if key in self:
            self.read.add(key)
        return super().get(key, default)

    def values(self):
        self.read.update(self)
        return super().values()

    def items(self):
        self.read.update(self)
        return super().items()


def every_record():
    found = {}
    for kind in KINDS:
        for path, record in records_of(kind.record):
            found.setdefault(id(record), (f"{kind.name} {path}".strip(), record))
    return list(found.values())


def test_every_field_with_a_handler_is_read_by_what_builds_its_record(monkeypatch):
    """Fails when a row is called honoured or emulated and nobody looks at its value."""
    read_by = {}
    for _, record in every_record():
        read = read_by.setdefault(id(record), set())
        build = record.build
        monkeypatch.setattr(
            record, "build", lambda found, at, build=build, read=read: build(Remembering(found, read), at)
        )
    everything = Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8")
    read_release(list(YAML(typ="safe").load_all(everything)))
    unread = [
        f"{name}: {field}"
        for name, record in every_record()
        for field, row in record.rows.items()
        if row.handler and field not in read_by[id(record)] | READ_BY_THE_RELEASE_ITSELF
    ]
    mounted_as_empty = [f"Deployment spec.template.spec.volumes[]: {name}" for name in _ELSEWHERE]
    assert sorted(set(unread) - set(mounted_as_empty)) == []


def test_a_row_without_a_handler_cannot_be_honoured():
    with pytest.raises(ValueError, match="exactly when a handler reads it"):
        Row("honoured", None)
    with pytest.raises(ValueError, match="exactly when a handler reads it"):
        Row("ignored", name_of)


def test_every_row_that_is_not_honoured_says_why():
    silent = [row for row in fields_table() if row.behaviour != "honoured" and not row.note]
    assert silent == []


def test_no_field_of_a_kind_is_there_twice():
    seen = [(row.kind, row.field) for row in fields_table()]
    assert len(seen) == len(set(seen))


def test_the_page_of_fields_is_what_the_table_says():
    assert (ROOT / PLACE).read_text(encoding="utf-8") == page(fields_table()), (
        "run python -m flaskship.engines.local.manifests.reference"
    )


def test_a_page_names_kind_field_behaviour_and_reader():
    text = page(fields_table())
    assert "## NetworkPolicy\n\n**ignored**" in text
    assert "| `spec.replicas` | honoured | whole number |  |" in text
    assert text.count("`spec.template.spec.containers[].image`") == 1


def test_the_supervisor_gets_no_heavy_library_by_reading_manifests():
    heavy = "click rich pydantic jsonschema ruamel helm_python psutil yaml"
    code = (
        "import sys, flaskship.engines.local.manifests, flaskship.engines.local.resolve\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
