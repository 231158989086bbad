"""A null deletes a default: at every path it renders whole objects, or is refused in a sentence."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flaskship.chart import helm
from flaskship.chart.project import load_project
from flaskship.chart.render import render_environment
from flaskship.chart.values import layer_values
from flaskship.model.errors import ConfigurationError
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.kubernetes.validate import violations
from flaskship.policy.objects import parse_objects

PROJECT = load_project(Path(__file__).resolve().parents[3])
# Without these an application cannot be what another value says: the sentence names that value instead.
TOLD_ELSEWHERE = {"priorityClasses.classes.critical", "priorityClasses.classes.normal", "roles.admin"}


def paths(values: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(values, Mapping):
        for key, inner in values.items():
            yield (*at, key)
            yield from paths(inner, (*at, key))


def problem(file: Path, environment: str, path: tuple[str, ...]) -> str | None:
    """What is wrong with the objects, or with the refusal; None where all is well."""
    value: Any = None
    for key in reversed(path):
        value = {key: value}
    file.write_text(json.dumps(value))
    chosen = PROJECT.environment(environment)
    try:
        layered = layer_values(PROJECT, chosen, (file,), ())
        chart = render_environment(PROJECT, chosen, layered)
    except ConfigurationError as error:
        here = str(error.location) == f"{file}:1" or ".".join(path) in TOLD_ELSEWHERE
        return None if here and "does not render" not in error.message else f"refused with {error}"
    return broken([*chart.documents, *chart.hooks], chart.manifests)


def broken(documents: list[Any], manifests: str) -> str | None:
    table = load_table()
    for one in parse_objects(tuple(documents), ()):
        for number in table.schemas(one.api_version, one.kind):
            for violation in violations(table, number, one.node):
                return f"{one.kind} {violation.path}: {violation.message}"
    for marks in ("<nil>", "<no value>", ": null"):
        if marks in manifests:
            return f"{marks} in the manifests"
    return None


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_null_anywhere_is_whole_or_told_where_it_stands(tmp_path: Path, environment: str) -> None:
    merged = layer_values(PROJECT, PROJECT.environment(environment), (), ()).merged
    own = helm.parse_yaml((PROJECT.chart / f"values-{environment}.yaml").read_text())
    # Prod has nearly everything on, so that a missing value shows; of dev what its own file says is enough.
    every = list(paths(merged if environment == "prod" else own))
    found = {".".join(path): problem(tmp_path / "extra.yaml", environment, path) for path in every}
    assert {path: what for path, what in found.items() if what} == {}
    assert len(every) > 20


# what has to be there where another value asks for it
ASKED = {
    "strategy: {type: Canary, canary: null}": "strategy.canary",
    "strategy: {type: Canary, canary: {steps: null}}": "strategy.canary.steps",
    "strategy: {type: BlueGreen, blueGreen: null}": "strategy.blueGreen",
    "strategy: {type: BlueGreen, blueGreen: {autoPromotion: null}}": "strategy.blueGreen.autoPromotion",
    "strategy: {type: BlueGreen, blueGreen: {scaleDownDelaySeconds: null}}": (
        "strategy.blueGreen.scaleDownDelaySeconds"
    ),
}


@pytest.mark.parametrize("text", ASKED)
def test_a_null_of_what_the_strategy_asks_for_is_missing(refused, text: str) -> None:
    name = "applications.my-tomorrows-api"
    message = refused(f"applications:\n  my-tomorrows-api:\n    {text}\n", line=3)
    assert message == f"{name}.{ASKED[text]}: is required and missing"
    values = helm.parse_yaml(f"applications: {{my-tomorrows-api: {{{text}}}}}")
    facts = helm.ReleaseFacts("dev-apps", "my-app-dev")
    with pytest.raises(ConfigurationError) as caught:
        helm.render(PROJECT.chart, values, facts)
    assert caught.value.message.startswith(f"{name}.{ASKED[text]}: is required and missing")


def test_what_the_strategy_does_not_ask_for_may_be_deleted(render) -> None:
    text = "applications: {my-tomorrows-api: {strategy: {canary: null, blueGreen: null}}}\n"
    assert render(text).one("Deployment")


def test_labels_that_monitors_are_selected_by_may_not_be_deleted(refused) -> None:
    text = "monitoring:\n  labels: null\n  serviceMonitor: {enabled: true}\n"
    assert refused(text, line=2) == "monitoring.labels: is required and missing"


def test_a_null_takes_a_label_of_monitors_away(render) -> None:
    text = "monitoring: {labels: {release: x, a: null}, serviceMonitor: {enabled: true}}\n"
    labels = render(text).one("ServiceMonitor")["metadata"]["labels"]
    assert labels["release"] == "x"
    assert "a" not in labels


KEY = "Letters, digits, dashes, dots and underscores, at most 253; not . or .., and not led by two dots."
LABEL = "A name of letters, digits, dashes, dots and underscores, at most 63 of them"


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ("secrets:\n  generated: {a b: x}\n", "secrets.generated.\"a b\": 'a b' cannot be a key", KEY),
        ("secrets:\n  generated: {'..a': x}\n", "secrets.generated.", KEY),
        ("secrets:\n  generated: {api-key: 7}\n", "secrets.generated.api-key: is a number", "text in quotes"),
        ("monitoring:\n  labels: {a b: x}\n", "monitoring.labels.\"a b\": 'a b' does not look like", LABEL),
    ],
)
def test_a_name_of_ones_own_that_no_cluster_takes_is_told_in_words(
    render, tmp_path: Path, values: str, message: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        render(values)
    assert caught.value.message.startswith(message)
    assert hint in (caught.value.hint or "")
    assert str(caught.value.location) == f"{tmp_path / 'extra.yaml'}:2"


def test_what_is_broken_is_seen() -> None:
    mount = {"name": "x", "mountPath": None}
    spec = {"containers": [{"name": "x", "image": "y", "volumeMounts": [mount]}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}
    assert "mountPath" in str(broken([pod], ""))
    assert broken([], "a: <nil>\n") == "<nil> in the manifests"
