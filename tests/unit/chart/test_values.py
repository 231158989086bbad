from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.chart.project import load_project
from flaskship.chart.values import LayeredValues, layer_values, where
from flaskship.model.errors import ConfigurationError

Write = Callable[[str, str], Path]


@pytest.fixture
def layer(folder: Path) -> Callable[..., LayeredValues]:
    def layered(environment: str = "dev", *files: Path, sets: tuple[str, ...] = ()) -> LayeredValues:
        project = load_project(folder)
        return layer_values(project, project.environment(environment), files, sets)

    return layered


Layer = Callable[..., LayeredValues]


def told(values: LayeredValues, path: str) -> list[tuple[str, str, int, object]]:
    return [
        (Path(origin.layer).name, origin.path, origin.location.line, origin.value)
        for origin in values.origin(path)
    ]


def test_maps_merge_lists_replace_and_later_layers_win(layer: Layer, write: Write) -> None:
    extra = write("extra.yaml", "defaults:\n  args: [c]\n  resources: {limits: {memory: 1Gi}}\n")
    values = layer("dev", extra, sets=("defaults.replicas=7",))
    assert values.merged["defaults"] == {
        "replicas": 7,
        "args": ["c"],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
    }


def test_only_what_goes_beyond_the_charts_defaults_is_supplied(layer: Layer) -> None:
    assert layer("dev").supplied == {"applications": {"shop-api": {"replicas": 3}}}


def test_null_deletes_a_default(layer: Layer, write: Write) -> None:
    extra = write("extra.yaml", "defaults:\n  resources: {limits: {cpu: null}}\n")
    values = layer("dev", extra)
    assert values.applications["shop-api"]["resources"] == {"limits": {"memory": "512Mi"}}


def test_null_in_an_application_deletes_what_it_inherits(layer: Layer) -> None:
    values = layer("dev", sets=("applications.shop-api.resources.limits=null",))
    assert values.applications["shop-api"]["resources"] == {}


def test_an_application_inherits_defaults_and_its_role(layer: Layer) -> None:
    values = layer("dev", sets=("applications.shop-worker.args={z}",))
    worker = values.applications["shop-worker"]
    assert (worker["role"], worker["replicas"], worker["args"]) == ("worker", 2, ["z"])
    assert values.applications["shop-api"]["replicas"] == 3


def test_each_layer_that_set_a_path_is_told_with_its_line_and_the_winner_last(
    layer: Layer, write: Write
) -> None:
    extra = write("extra.yaml", "\napplications:\n  shop-api:\n    replicas: 4\n")
    values = layer("dev", extra, sets=("applications.shop-api.replicas=5",))
    assert told(values, "applications.shop-api.replicas") == [
        ("values.yaml", "defaults.replicas", 2, 1),
        ("values-dev.yaml", "applications.shop-api.replicas", 3, 3),
        ("extra.yaml", "applications.shop-api.replicas", 4, 4),
        ("--set applications.shop-api.replicas=5", "applications.shop-api.replicas", 0, 5),
    ]


def test_a_deleted_ancestor_is_an_origin_too(layer: Layer, write: Write) -> None:
    extra = write("extra.yaml", "applications:\n  shop-api:\n    resources: null\n")
    found = told(layer("dev", extra), "applications.shop-api.resources.limits.cpu")
    assert found == [
        ("values.yaml", "defaults.resources.limits.cpu", 3, "1"),
        ("extra.yaml", "applications.shop-api.resources", 3, None),
    ]


def test_a_set_of_a_whole_list_is_the_origin_of_its_element(layer: Layer) -> None:
    values = layer("dev", sets=("defaults.args={x,y}",))
    assert told(values, "defaults.args[1]")[-1][3] == "y"


def test_an_absent_path_has_no_origin(layer: Layer) -> None:
    assert layer("dev").origin("applications.shop-api.nothing") == ()
    assert layer("dev").origin("nowhere.at.all") == ()


def test_a_whole_application_is_told_by_the_files_that_name_it(layer: Layer) -> None:
    assert [item[0] for item in told(layer("dev"), "applications.shop-api")] == ["values-dev.yaml"]


def test_the_list_form_means_the_same_as_the_map(layer: Layer, write: Write) -> None:
    listed = write(
        "list.yaml",
        "applications:\n  - name: shop-api\n    replicas: 9\n  - name: shop-worker\n    args: [q]\n",
    )
    mapped = write("map.yaml", "applications:\n  shop-api:\n    replicas: 9\n  shop-worker:\n    args: [q]\n")
    assert layer("dev", listed).merged == layer("dev", mapped).merged
    assert told(layer("dev", listed), "applications.shop-worker.args")[-1][2] == 5


def test_a_set_reaches_into_an_application_of_the_list_form(layer: Layer, write: Write) -> None:
    listed = write("list.yaml", "applications:\n  - name: shop-api\n    args: [q]\n")
    values = layer("dev", listed, sets=("applications.shop-api.replicas=8",))
    assert values.applications["shop-api"]["replicas"] == 8
    assert values.applications["shop-api"]["args"] == ["q"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("applications:\n  - name: a\n  - name: a\n", 3, "a stands twice in the list, first on line 2"),
        ("applications:\n  - replicas: 1\n", 2, "applications[0]: an entry of the list needs a name"),
        ("applications:\n  - text\n", 2, "needs a name"),
        ("- a\n", 1, "is not a map of keys and values"),
        ("a: {\n", 2, "not valid YAML"),
    ],
)
def test_a_layer_that_cannot_be_read_is_named(
    layer: Layer, write: Write, text: str, line: int, words: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        layer("dev", write("bad.yaml", text))
    assert words in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.line == line


def test_an_application_is_named_and_not_numbered_on_the_command_line(layer: Layer) -> None:
    with pytest.raises(ConfigurationError, match="named, not numbered"):
        layer("dev", sets=("applications[0].replicas=1",))


def test_an_environment_needs_its_values_file(layer: Layer, folder: Path) -> None:
    (folder / "chart" / "values-prod.yaml").unlink()
    with pytest.raises(ConfigurationError, match="environment prod has no values file"):
        layer("prod")


def test_a_broken_schema_is_named(layer: Layer, write: Write) -> None:
    write("chart/values.schema.json", "{")
    with pytest.raises(ConfigurationError, match="not valid JSON"):
        layer("dev")


def test_the_schema_sees_files_and_sets_and_names_their_place(layer: Layer, write: Write) -> None:
    write(
        "chart/values.schema.json",
        '{"properties": {"defaults": {"properties": {"replicas": {"maximum": 5}}}}}',
    )
    with pytest.raises(ConfigurationError, match=r"defaults\.replicas: 6 is above 5") as caught:
        layer("dev", sets=("defaults.replicas=6",))
    assert str(caught.value.location) == "--set defaults.replicas=6"


@pytest.mark.parametrize(
    ("field", "line"),
    [("replicas", 3), ("resources.limits.memory", 3), ("args", 4), ("unknown.field", 2)],
)
def test_where_a_field_of_a_container_comes_from(layer: Layer, field: str, line: int) -> None:
    location = where(layer("dev"), "shop-api", field)
    assert location is not None
    assert location.line == line


def test_where_takes_a_rendered_object_too(layer: Layer) -> None:
    deployment = {"metadata": {"labels": {"app.kubernetes.io/name": "shop-api"}}}
    assert str(where(layer("dev"), deployment, "replicas")).endswith("values-dev.yaml:3")
    assert where(layer("dev"), {"metadata": {}}, "replicas") is None


def test_where_names_the_set_option(layer: Layer) -> None:
    expression = "applications.shop-api.command={/bin/false}"
    assert str(where(layer("dev", sets=(expression,)), "shop-api", "command")) == f"--set {expression}"


def test_a_list_takes_the_place_of_a_longer_one(layer: Layer, write: Write) -> None:
    extra = write("extra.yaml", "defaults:\n  args: [c]\n")
    found = told(layer("dev", extra), "defaults.args[1]")
    assert found == [("values.yaml", "defaults.args[1]", 4, "b"), ("extra.yaml", "defaults.args", 2, ["c"])]


def test_a_secret_is_told_without_its_value(layer: Layer, write: Write) -> None:
    extra = write("extra.yaml", "secrets: {generated: {api-key: hush-1}}\n")
    values = layer("dev", extra, sets=("a=1,secrets.generated.other=hush-2",))
    told_of = [*values.origin("secrets.generated.api-key"), *values.origin("secrets.generated.other")]
    assert [origin.value for origin in told_of] == ["***", "***"]
    assert "hush" not in repr(told_of) + repr(values) + repr(values.origin("a"))


def test_a_secret_that_is_refused_is_not_shown(layer: Layer, write: Write) -> None:
    write(
        "chart/values.schema.json",
        '{"properties": {"secrets": {"properties": {"generated": '
        '{"additionalProperties": {"type": "string"}}}}}}',
    )
    with pytest.raises(ConfigurationError, match=r"generated\.key: is a number") as caught:
        layer("dev", sets=("secrets.generated.key=4711",))
    assert "4711" not in str(caught.value)


def test_a_set_leaves_the_layers_below_as_they_are(layer: Layer, write: Write) -> None:
    extra = write("extra.yaml", "defaults:\n  resources: {limits: {memory: 1Gi}}\n")
    values = layer("dev", extra, sets=("defaults.resources.limits.memory=2Gi", "defaults.resources.new=1"))
    assert [item[3] for item in told(values, "defaults.resources.limits.memory")] == ["512Mi", "1Gi", "2Gi"]
    assert [item[0] for item in told(values, "defaults.resources.new")] == ["--set defaults.resources.new=1"]
