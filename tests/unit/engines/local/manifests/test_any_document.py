"""Whatever a chart renders, the answer is a release or one sentence, never a traceback."""

import copy
from contextlib import suppress
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from flaskship.engines.local.manifests import read_release
from flaskship.model.errors import ConfigurationError

EVERYTHING = list(
    YAML(typ="safe").load_all(Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8"))
)
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.none() | st.text(max_size=2) | st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3) | st.integers(), st.none() | st.text(max_size=2), max_size=2),
)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


PLACES = [(number, path) for number, document in enumerate(EVERYTHING) for path in places(document) if path]


def test_everything_is_a_release():
    release = read_release(EVERYTHING)
    assert {found.name for found in release.deployments} == {"blue", "canary", "store"}
    assert not [report for report in release.reports if "unknown" in report.note]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), odd)
@example(
    next(place for place in PLACES if EVERYTHING[place[0]]["kind"] == "Pod" and place[1] == ("spec",)), None
)
def test_one_odd_value_anywhere(place, value):
    number, path = place
    documents = copy.deepcopy(EVERYTHING)
    target = documents[number]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with suppress(ConfigurationError):
        read_release(documents)


@settings(max_examples=100, deadline=None)
@given(st.lists(odd, max_size=3))
def test_documents_that_are_anything(documents):
    with suppress(ConfigurationError):
        read_release(documents)
