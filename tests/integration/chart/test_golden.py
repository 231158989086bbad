"""The rendered manifests are files in this repository: a change of the chart shows what it changes."""

import os
from pathlib import Path

import pytest

from flaskship.chart import helm

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_manifests_are_those_that_were_reviewed(render, environment: str) -> None:
    manifests = render(environment=environment).rendered.manifests
    file = GOLDEN / f"{environment}.yaml"
    if os.environ.get("FLASKSHIP_GOLDEN") == "write":
        file.write_text(manifests)
    assert manifests == file.read_text(), (
        "if this is meant: FLASKSHIP_GOLDEN=write pytest, and review the diff"
    )


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_nothing_is_null_and_every_object_names_its_writer(render, environment: str) -> None:
    release = render(environment=environment)
    for document in (*release.rendered.documents, *release.rendered.hooks):
        assert not list(nulls(document)), document["metadata"]["name"]
        assert document["metadata"]["annotations"]["flaskship.dev/writer"] == "cli"


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ("dev", ["api", "worker"]),
        ("staging", ["admin", "api", "worker"]),
        ("prod", ["admin", "api", "monitoring", "worker"]),
    ],
)
def test_each_environment_has_its_applications(render, environment: str, names: list[str]) -> None:
    expected = [f"my-tomorrows-{name}" for name in names]
    release = render(environment=environment)
    assert sorted(release.all("Deployment")) == expected
    assert sorted(release.all("Service")) == expected
    for name in expected:
        labels = release.one("Deployment", name)["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == name
        assert labels["app.kubernetes.io/instance"] == f"{environment}-apps"
        assert release.container(name)["name"] == name


def test_the_writer_is_a_value_and_restarts_nothing(render) -> None:
    before, after = render(), render("writer: argocd\n")
    assert after.one("Service")["metadata"]["annotations"]["flaskship.dev/writer"] == "argocd"
    assert before.one("Deployment")["spec"] == after.one("Deployment")["spec"]


def nulls(value: object) -> list[object]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in nulls(item)]
    if isinstance(value, list):
        return [found for item in value for found in nulls(item)]
    return [value] if value is None else []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_merged_values_mean_to_helm_what_the_supplied_ones_do(render, environment: str) -> None:
    layered = render("", "defaults.resources.limits.cpu=null", environment=environment).layered
    release = helm.ReleaseFacts("r", "n")
    chart = GOLDEN.parents[1] / "infra" / "helmchart"
    assert helm.render(chart, layered.merged, release) == helm.render(chart, layered.supplied, release)
