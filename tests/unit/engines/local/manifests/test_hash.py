"""The hash of a template changes exactly when the template does."""

import copy
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskship.engines.local.manifests.pods import template_hash

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def hash_of(deployment, document):
    return deployment(document).template.hash


def test_it_looks_like_a_name(document, deployment):
    assert re.fullmatch("[a-z0-9]{10}", hash_of(deployment, document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/replicas", 9),
        ("spec/strategy", {"type": "Recreate"}),
        ("spec/progressDeadlineSeconds", 10),
        ("spec/paused", True),
        ("metadata/annotations", {"flaskship.dev/writer": "argocd"}),
        ("metadata/labels", {"a": "b"}),
        ("spec/template/spec/affinity", None),
    ],
)
def test_a_change_outside_of_the_template_changes_nothing(document, deployment, put, path, value):
    assert hash_of(deployment, put(document, path, value)) == hash_of(deployment, document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/template/metadata/annotations", {"checksum/config": "1"}),
        ("spec/template/spec/containers/0/image", "web:2"),
        ("spec/template/spec/terminationGracePeriodSeconds", 31),
        ("spec/template/spec/affinity", {"a": {}}),
        ("spec/template/spec/containers/0/env", [{"name": "A", "value": ""}]),
    ],
)
def test_a_change_of_the_template_changes_it(document, deployment, put, path, value):
    assert hash_of(deployment, put(document, path, value)) != hash_of(deployment, document)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=3), plain, max_size=4))
def test_order_and_copies_do_not_count(template):
    turned = dict(reversed(list(copy.deepcopy(template).items())))
    assert template_hash(turned) == template_hash(template)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), plain), st.dictionaries(st.sampled_from("abc"), plain))
def test_null_is_absent(one, nulls):
    more = {key: None for key in nulls if key not in one} | one
    assert template_hash(more) == template_hash(one)
