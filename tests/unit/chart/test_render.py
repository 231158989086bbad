from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.chart.helm import shortened
from flaskship.chart.project import load_project
from flaskship.chart.render import RenderedChart, render_environment
from flaskship.chart.values import layer_values
from flaskship.model.errors import ConfigurationError

Write = Callable[[str, str], Path]
Render = Callable[..., RenderedChart]


@pytest.fixture
def render(folder: Path) -> Render:
    def rendered(*sets: str, kube_version: str | None = None, environment: str = "dev") -> RenderedChart:
        project = load_project(folder)
        chosen = project.environment(environment)
        layered = layer_values(project, chosen, (), sets)
        return render_environment(project, chosen, layered, kube_version=kube_version)

    return rendered


def test_the_objects_are_there_parsed_and_printed(render: Render) -> None:
    rendered = render("defaults.replicas=2")
    (document,) = rendered.documents
    assert '"replicas":2' in document["data"]["values"]
    assert rendered.manifests.startswith("---\n# Source: shop/templates/configmap.yaml\n")
    assert rendered.notes is None


def test_release_and_namespace_are_those_of_the_environment(render: Render, write: Write) -> None:
    write(
        "chart/templates/NOTES.txt", "{{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.IsInstall }}"
    )
    assert render().notes == "dev-shop shop-dev true"


def test_hooks_are_kept_apart(render: Render, write: Write) -> None:
    write(
        "chart/templates/t.yaml",
        'apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {"helm.sh/hook": test}}\n',
    )
    rendered = render()
    assert [hook["kind"] for hook in rendered.hooks] == ["Pod"]
    assert [document["kind"] for document in rendered.documents] == ["ConfigMap"]
    assert "helm.sh/hook" in rendered.manifests


def test_equal_inputs_have_equal_digests_and_each_input_counts(render: Render, write: Write) -> None:
    first = render().chart_digest
    assert first.startswith("sha256:")
    assert render().chart_digest == first
    assert render("defaults.replicas=2").chart_digest != first
    write(
        "chart/templates/configmap.yaml",
        (CONFIG_MAP := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\n"),
    )
    assert CONFIG_MAP in render().manifests
    assert render().chart_digest != first


def test_the_values_of_another_environment_do_not_count(render: Render, write: Write) -> None:
    first = render().chart_digest
    write("chart/values-prod.yaml", "defaults: {replicas: 9}\n")
    assert render().chart_digest == first


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("{{ fail `no way` }}", 1, "no way"),
        ("\n{{ .Values.a.b.c }}", 2, "nil pointer"),
        ("a: {{ if }}", 1, "missing value for if"),
        ("\n\n{{ include `nowhere` . }}", 3, "nowhere"),
        ("a: [1", 0, "not valid YAML"),
        ("just text", 0, "not a map"),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(
    render: Render, folder: Path, write: Write, template: str, line: int, words: str
) -> None:
    path = write("chart/templates/bad.yaml", template)
    with pytest.raises(ConfigurationError) as caught:
        render()
    assert words in str(caught.value)
    assert caught.value.location is not None
    assert (caught.value.location.file, caught.value.location.line) == (str(path), line)


def test_a_refusal_that_names_a_value_points_at_its_line(render: Render, folder: Path, write: Write) -> None:
    write("chart/templates/bad.yaml", "{{ fail `applications.shop-api.replicas: 3 is odd` }}")
    with pytest.raises(ConfigurationError) as caught:
        render()
    assert str(caught.value) == f"{folder}/chart/values-dev.yaml:3: applications.shop-api.replicas: 3 is odd"


def test_a_kubernetes_that_is_too_old_is_refused(render: Render) -> None:
    with pytest.raises(ConfigurationError, match=r"needs Kubernetes >=1.30.0-0, not 1.29"):
        render(kube_version="1.29")
    assert render(kube_version="v1.37.2").documents


def test_an_endless_message_is_shortened(render: Render, write: Write) -> None:
    write("chart/templates/bad.yaml", '{{ fail (repeat 100000 "x") }}')
    with pytest.raises(ConfigurationError) as caught:
        render()
    assert len(caught.value.message) < 1500
    assert len(shortened("y" * 99_999)) < 1300


def test_a_chart_that_is_broken_is_named(render: Render, write: Write) -> None:
    path = write("chart/Chart.yaml", "apiVersion: v2\nname: shop\n")
    with pytest.raises(ConfigurationError) as caught:
        render()
    assert caught.value.location is not None
    assert caught.value.location.file == str(path)
