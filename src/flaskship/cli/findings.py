"""What check found, as lines for a person and as fields for a script."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from flaskship.cli.clean import near, printable
from flaskship.cli.documents import place
from flaskship.policy.finding import Finding
from flaskship.tasks.check import Checked


def findings_document(checked: Checked) -> dict[str, Any]:
    """The fields of a check."""
    return {
        "environments": list(checked.environments),
        "findings": [
            {
                "rule": one.rule,
                "severity": str(one.severity),
                "environment": one.environment,
                "object": one.object,
                "application": one.application,
                "message": one.message,
                "field": one.field,
                "values": place(one.values),
                "accepted": one.accepted,
            }
            for one in checked.findings
        ],
    }


def findings_screen(checked: Checked) -> Iterator[str]:
    """Each environment with its findings by application, then what is accepted, in one line each."""
    for environment in checked.environments:
        found = [one for one in checked.findings if one.environment == environment]
        accepted = [one for one in found if one.accepted is not None]
        open_ones = [one for one in found if one.accepted is None]
        yield f"{environment}  {_count(open_ones)}, {len(accepted)} accepted"
        for application, ours in groupby(open_ones, key=lambda one: one.application):
            yield f"  {application or 'the environment as a whole'}"
            for one in ours:
                yield from _lines(one)
        for (rule, reason), taken in _grouped(accepted).items():
            yield f"  accepted  {rule}  {_objects(taken)}: {printable(reason)}"


def _grouped(accepted: list[Finding]) -> dict[tuple[str, str], list[str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for one in accepted:
        groups.setdefault((one.rule, one.accepted or ""), []).append(one.object)
    return groups


def _objects(names: list[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - 1} more" if len(distinct) > 1 else ""
    return f"{distinct[0]}{more}"


def _lines(one: Finding) -> Iterator[str]:
    where = f"  {near(one.values)}" if one.values else ""
    yield f"    {one.severity}  {one.rule}  {one.object}{where}"
    told = not one.field or one.message.startswith(f"{one.field}:")
    yield f"      {printable(one.message)}" + ("" if told else f" ({one.field})")


def _count(findings: list[Finding]) -> str:
    number = len(findings)
    return f"{number or 'no'} finding{'' if number == 1 else 's'}"
