"""docs/reference/kubernetes-meaning.md, written from the rules."""

from collections.abc import Iterable
from pathlib import Path

from tests.meaning.rules import Rule

PLACE = Path("docs/reference/kubernetes-meaning.md")
_HEAD = """\
# What Kubernetes documents, and the test that holds it here

Generated from `tests/meaning/rules.py`; a test fails when it is stale. To write it again: `python -m tests.meaning page`.

Each rule is one that Kubernetes' documentation states, and the local engine keeps it as far as the last column does
not say otherwise. For each there is one small change of the engine that breaks it; `python -m tests.meaning break`
makes every change in a copy and sees that rule's test fail. Field by field: [fields](fields.md).
"""


def page(rules: Iterable[Rule]) -> str:
    """Return the page: a table for each topic, in the order in which the topics come first."""
    topics: dict[str, list[Rule]] = {}
    for rule in rules:
        topics.setdefault(rule.topic, []).append(rule)
    lines = [_HEAD]
    for topic, mine in topics.items():
        lines.append(f"\n## {topic}\n\n| Rule | Documented | Test | Here otherwise |\n|---|---|---|---|")
        lines += [_row(rule) for rule in mine]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    file, _, test = rule.test.partition("::")
    told = f"{rule.differs}." if rule.differs else ""
    return f"| {rule.meaning} | [Kubernetes]({rule.link}) | [`{test}`](../../{file}) | {told} |"
