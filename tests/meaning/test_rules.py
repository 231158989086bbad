"""The rules name tests that exist and texts that stand in the sources; the page is what they say."""

from pathlib import Path

import pytest
from tests.meaning.page import PLACE, page
from tests.meaning.rules import RULES, K, Rule

ROOT = Path(__file__).resolve().parents[2]
TOPICS = {
    "Probes",
    "Restarts",
    "Rolling update",
    "Pod template",
    "The end of a replica",
    "Configuration",
    "Downward API",
    "initContainers",
    "Sidecars",
    "Claims",
    "Jobs",
    "Autoscaling",
    "Disruption budgets",
    "Priorities",
}


def test_every_topic_has_rules() -> None:
    assert {rule.topic for rule in RULES} == TOPICS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.topic}: {rule.meaning[:60]}")
def test_a_rule_names_its_test_its_source_and_where_it_can_be_broken(rule: Rule) -> None:
    file, _, test = rule.test.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")
    assert rule.link.startswith(f"{K}/")
    broken, old, new = rule.breaking
    assert (ROOT / broken).read_text(encoding="utf-8").count(old) == 1, old
    assert old != new


def test_no_two_rules_are_broken_alike() -> None:
    assert len({rule.breaking for rule in RULES}) == len(RULES)


def test_the_page_is_what_the_rules_say() -> None:
    assert (ROOT / PLACE).read_text(encoding="utf-8") == page(RULES), "python -m tests.meaning page"
