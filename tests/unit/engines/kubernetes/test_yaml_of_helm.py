"""Stored manifests are read as Helm reads them: our reader against Helm's own."""

from pathlib import Path

import pytest

from flaskship.chart.helm import parse_yaml
from flaskship.chart.project import load_project
from flaskship.chart.render import render_environment
from flaskship.chart.values import layer_values
from flaskship.engines.kubernetes.yaml_of_helm import documents_of

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    "scalar",
    [
        "yes", "Off", "y", "N", "true", "TRUE", "~", "null", "",
        "1", "-1", "1.5", "1e3", "1E-2", ".5", "1.", "0644", "0x1F", "1_000", "12:30:45",
        "2026-11-26", "2026-11-26T12:00:00Z", "1.0.0", "v1", "'1'", '"yes"', "grün", "1e", "+1", ".inf",
        "0o17", "0b11", "=", "<<", "1.5e", "- 1", "[1, yes]", "{a: on}", "!!str 1",
    ],
)  # fmt: skip
def test_a_scalar_means_what_it_means_to_helm(scalar: str) -> None:
    text = f"kind: A\nvalue: {scalar}\n"
    try:
        expected = parse_yaml(text)
    except Exception:  # what Helm refuses is never stored
        return
    assert documents_of(text) == (expected,)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_whole_environment_is_read_as_it_was_rendered(environment: str) -> None:
    project = load_project(ROOT)
    chosen = project.environment(environment)
    rendered = render_environment(project, chosen, layer_values(project, chosen))
    plain = rendered.manifests
    for hook in rendered.hooks:
        assert hook in documents_of(plain)
    assert [one for one in documents_of(plain) if one not in rendered.hooks] == list(rendered.documents)


def test_comments_and_empty_documents_are_no_objects() -> None:
    assert documents_of("---\n# Source: a\n---\n\n---   \nkind: A\n--- # b\nkind: B\n") == (
        {"kind": "A"},
        {"kind": "B"},
    )
