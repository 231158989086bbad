"""Judges one environment: every rule over its objects, each finding placed, accepted or not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from flaskship.model.location import Location
from flaskship.policy.context import Context
from flaskship.policy.finding import Acceptance, Finding, Severity
from flaskship.policy.objects import Fault
from flaskship.policy.rule import Rule

UNUSED = "acceptance-unused"
UNKNOWN = "acceptance-unknown"

Locate = Callable[[Fault], Location | None]


def judge(
    context: Context,
    rules: Sequence[Rule],
    acceptances: Sequence[Acceptance],
    locate: Locate,
    known: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Every finding of the rules, in the order of applications; an acceptance that meets none is one itself.

    `known` are codes of rules that exist and are not asked now: their acceptances are left alone.
    """
    codes = [rule.CODE for rule in rules]
    found = dict.fromkeys(
        _finding(context, rule, fault, locate) for rule in rules for fault in rule.find(context)
    )
    used: set[int] = set()
    judged = [_accepted(finding, acceptances, used) for finding in found]
    judged += _needless(context, acceptances, used, codes, frozenset(known))
    return tuple(sorted(judged, key=_order))


def _finding(context: Context, rule: Rule, fault: Fault, locate: Locate) -> Finding:
    return Finding(
        rule=rule.CODE,
        severity=rule.SEVERITY,
        environment=context.environment.name,
        object=fault.object.id,
        application=fault.object.application,
        message=fault.message,
        field=fault.field,
        values=locate(fault),
    )


def _accepted(finding: Finding, acceptances: Sequence[Acceptance], used: set[int]) -> Finding:
    for index, acceptance in enumerate(acceptances):
        if _meets(acceptance, finding):
            used.add(index)
            finding = replace(finding, accepted=finding.accepted or acceptance.reason)
    return finding


def _meets(acceptance: Acceptance, finding: Finding) -> bool:
    return (
        acceptance.rule == finding.rule
        and acceptance.application in (None, finding.application)
        and (acceptance.object is None or fnmatchcase(finding.object, acceptance.object))
    )


def _needless(
    context: Context,
    acceptances: Sequence[Acceptance],
    used: set[int],
    codes: Sequence[str],
    known: frozenset[str],
) -> Iterator[Finding]:
    for index, acceptance in enumerate(acceptances):
        if index in used or (acceptance.rule in known and acceptance.rule not in codes):
            continue
        if acceptance.rule in codes:
            about = acceptance.object or acceptance.application or "anything"
            rule, message = UNUSED, f"nothing of {about} breaks {acceptance.rule}: remove this acceptance"
        else:
            near = get_close_matches(acceptance.rule, [*codes, *known], n=1, cutoff=0.0)
            rule, message = UNKNOWN, f"there is no rule {acceptance.rule}; the nearest is {near[0]}"
        yield Finding(
            rule=rule,
            severity=Severity.ERROR,
            environment=context.environment.name,
            object="policy.accept",
            application=acceptance.application,
            message=message,
            field=f"policy.accept[{index}]",
            values=acceptance.values,
        )


def _order(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.application or "", finding.object, finding.rule, finding.field)
