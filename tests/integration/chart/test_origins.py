"""The layer that explain and findings name as the winner of a value holds that very value at that line."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from flaskship.chart.project import load_project
from flaskship.chart.render import render_environment
from flaskship.chart.schema import dotted
from flaskship.chart.values import LayeredValues
from flaskship.chart.yamlfile import KeyPath
from flaskship.cli.wiring import real_world
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.tasks.explain import explain
from flaskship.tasks.places import place, value_at

EXAMPLES = int(os.environ.get("FLASKSHIP_EXAMPLES", "0"))
FLASKSHIP_YAML = """\
apiVersion: flaskship.dev/v1
name: shop
chart: chart
environments:
  dev: {release: dev-shop, namespace: shop-dev, engine: local}
"""
SHOWN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data: {values: {{ toJson .Values | quote }}}
"""
NAMES = st.sampled_from(["a", "b", "c", "d.e"])
SCALARS = st.one_of(st.integers(0, 99), st.sampled_from(["x", "on", "1.10", "ü"]), st.booleans())
LEAVES = st.one_of(SCALARS, SCALARS, st.none(), st.lists(SCALARS, min_size=1, max_size=2))
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)
MAPS = st.dictionaries(NAMES, TREES, max_size=3)
PARTS = st.fixed_dictionaries({}, optional={"api": MAPS, "worker": MAPS})
OWN = st.fixed_dictionaries({}, optional={"shop-api": MAPS, "shop-worker": MAPS})
LAYERS = st.fixed_dictionaries({}, optional={"defaults": MAPS, "roles": PARTS, "applications": OWN})
SETS = st.lists(
    st.tuples(
        st.sampled_from(["defaults", "roles.api", "applications.shop-api"]),
        st.lists(NAMES, min_size=1, max_size=3),
        st.sampled_from(["7", "text", "true", "null", "{p,q}"]),
    ),
    max_size=3,
)


def block(tree: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """A values file in which every value stands on a line of its own."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield f"{'  ' * depth}{json.dumps(key)}:"
            yield from block(value, depth + 1)
        else:
            yield f"{'  ' * depth}{json.dumps(key)}: {json.dumps(value)}"


def leaves(tree: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value below, entries of lists too; an empty map is none, for it may be what nulls left."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves(value, (*at, key))
    elif tree is not None:
        yield at, tree
        for index, item in enumerate(tree if isinstance(tree, list) else ()):
            yield (*at, index), item


def holds(location: Location | None, key: str | int, value: Any, sets: dict[str, Any]) -> bool:
    """Whether the place has the value: the text of a line of a file, or an assignment."""
    assert location is not None
    if location.file.startswith("--set"):
        return value in sets[location.file] or sets[location.file] == [value]
    line = Path(location.file).read_text().splitlines()[location.line - 1]
    name, _, text = line.strip().partition(": ")
    held = json.loads(text)
    return held[key] == value if isinstance(key, int) else (json.loads(name), held) == (key, value)


READ = {"7": [7], "text": ["text"], "true": [True], "null": [None], "{p,q}": ["p", "q", ["p", "q"]]}


BACK = {"applications": {"shop-api": {"b": {"c": 1}}}, "defaults": {"b": {"a": 2}}}


@given(LAYERS, LAYERS, LAYERS, SETS)
@example({"applications": {"shop-api": {"b": None}}}, BACK, {}, [])
@example(BACK, {"defaults": {"b": None}}, {"defaults": {"b": {"c": 3}}}, [])
@example({}, BACK, {}, [("defaults", ["b"], "null"), ("defaults", ["b", "c"], "7")])
@settings(
    max_examples=EXAMPLES or 60,
    deadline=None,
    derandomize=not EXAMPLES,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_the_place_of_every_value_holds_that_value(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any], given_sets: Any
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chart, extra = folder / "chart", folder / "extra.yaml"
        (chart / "templates").mkdir(parents=True)
        (folder / "flaskship.yaml").write_text(FLASKSHIP_YAML)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n")
        (chart / "templates" / "shown.yaml").write_text(SHOWN)
        for file, tree in (
            (chart / "values.yaml", {"roles": {"api": {}, "worker": {}}, **first}),
            (chart / "values-dev.yaml", second),
            (extra, third),
        ):
            file.write_text("\n".join(block(tree)) + "\n")
        sets = {
            ".".join([root, *(part.replace(".", "\\.") for part in path)]) + f"={text}": READ[text]
            for root, path, text in given_sets
        }
        project, world = load_project(folder), real_world()
        environment = project.environment("dev")
        try:
            layered: LayeredValues = world.layer_values(project, environment, [extra], list(sets))
        except ConfigurationError:
            assume(False)
        by_name = {f"--set {one}": value for one, value in sets.items()}
        (document,) = render_environment(project, environment, layered).documents
        helms = json.loads(document["data"]["values"])
        seen = [*leaves(helms), *leaves({"applications": layered.applications})]
        for path, value in seen:
            if path[-1] == "role":
                continue
            text = dotted(path)
            assert holds(place(world, layered, text), path[-1], value, by_name), (path, value)
            assert holds(layered.location(path), path[-1], value, by_name), (path, value)
            assert value_at(world, layered, text) == value
            told = explain(world, project, environment, text, [extra], list(sets))
            assert told.present
            assert told.origins[-1].value == value
            assert told.origins[-1].location == place(world, layered, text)
