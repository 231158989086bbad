"""What a manifest calls otherwise is led to its name in the values; every name exists."""

import json
from pathlib import Path

import pytest

from flaskship.chart.manifest_words import ELSEWHERE, called_here

SCHEMA = json.loads((Path(__file__).parents[3] / "infra/helmchart/values.schema.json").read_text())
APPLICATION = SCHEMA["$defs"]["application"]["properties"]


@pytest.mark.parametrize("word", ELSEWHERE)
def test_each_word_leads_to_a_key_of_an_application(word: str) -> None:
    assert word not in APPLICATION
    part = {"properties": APPLICATION}
    for key in ELSEWHERE[word]:
        part = part["properties"][key]
        part = SCHEMA["$defs"][part["$ref"].removeprefix("#/$defs/")] if "$ref" in part else part
    assert part


def test_a_word_has_no_place_where_its_name_is_not_known() -> None:
    assert called_here("readinessProbe", {"replicas": {}}) is None
    assert called_here("frobnicate", APPLICATION) is None
