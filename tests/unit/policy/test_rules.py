"""Every rule: its page, its code, a fixture that it finds and a near miss that it leaves alone."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from tests.unit.policy.market import HERE, Change, market, read

from flaskship.policy import checks
from flaskship.policy.checks import RULES
from flaskship.policy.finding import Severity
from flaskship.policy.rule import Rule, page_of

FIXTURES = HERE / "checks"
NAMES = [rule.CODE for rule in RULES]
FOLDER = Path(checks.__file__).parent


def fixture(rule: Rule) -> dict[str, list[Change]]:
    given = read(FIXTURES / f"{rule.CODE.replace('-', '_')}.yaml")
    assert set(given) == {"bad", "near"}, rule.CODE
    known = {one.name for one in fields(Change)}
    for case in (*given["bad"], *given["near"]):
        assert set(case) <= known, (rule.CODE, case)
    return {key: [Change(**case) for case in cases] for key, cases in given.items()}


def test_there_are_at_least_forty_rules_and_none_is_left_out_of_the_registry() -> None:
    assert len(RULES) >= 40
    modules = {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}
    assert {rule.__name__.rpartition(".")[2] for rule in RULES} == modules
    assert {file.stem for file in FOLDER.glob("*.md")} == modules
    assert {file.stem for file in FIXTURES.glob("*.yaml")} == modules


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_is_named_as_its_file_and_says_why_how_and_when(rule: Rule) -> None:
    assert rule.__name__.rpartition(".")[2].replace("_", "-") == rule.CODE
    assert rule.SEVERITY in Severity
    assert re.fullmatch(r"[A-Z][^\n]{10,90}\.", rule.__doc__ or ""), "one sentence"
    page = page_of(rule)
    assert re.search(r"^\*\*Fix:\*\* \S", page, re.MULTILINE)
    assert re.search(r"^\*\*Accept\*\* \S", page, re.MULTILINE)
    assert not page.startswith(("#", "**")), "first why it matters"
    assert max(map(len, page.splitlines())) <= 115


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_sound_environment_breaks_no_rule(rule: Rule) -> None:
    assert [(one.object.id, one.message) for one in rule.find(market())] == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_finds_what_is_bad_and_leaves_its_near_miss(rule: Rule) -> None:
    cases = fixture(rule)
    assert cases["bad"]
    assert cases["near"]
    for change in cases["bad"]:
        found = list(rule.find(market(change)))
        shown = [(one.object.id, one.message, one.field) for one in found]
        assert len(found) == change.count, (change, shown)
        assert change.says, "a fixture names a part of the message"
        assert all(change.says in one.message for one in found), (change, shown)
        assert all(one.field for one in found)
    for change in cases["near"]:
        found = list(rule.find(market(change)))
        assert [(one.object.id, one.message) for one in found] == [], change


NONSENSE = (
    None,
    7,
    "text",
    [],
    {},
    [None],
    {"spec": 7},
    {"spec": {"template": []}, "template": {"spec": [1]}},
)
KINDS = ("Deployment", "Service", "Ingress", "NetworkPolicy", "Job", "Role", "ConfigMap", "ExternalSecret")


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_no_rule_falls_over_nonsense(rule: Rule) -> None:
    odd = tuple(
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": "odd"}, "spec": content, "rules": content}
        for kind in KINDS
        for content in NONSENSE
    )
    list(rule.find(market(Change(add=odd))))
