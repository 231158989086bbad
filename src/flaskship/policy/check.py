"""Judges one environment: every rule over its objects, each finding placed, accepted or not."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from flaskship.model.location import Location
from flaskship.policy import untested
from flaskship.policy.context import Context
from flaskship.policy.finding import Acceptance, Finding, Severity
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.objects import Fault
from flaskship.policy.rule import Rule

UNUSED = "acceptance-unused"
UNKNOWN = "acceptance-unknown"

Locate = Callable[[Fault], Location | None]


def find(context: Context, rules: Iterable[Rule], locate: Locate) -> tuple[Finding, ...]:
    """What the rules find in one environment, each at the line of its value."""
    found = (
        placed(context, rule.CODE, rule.SEVERITY, fault, fault.object.id, locate)
        for rule in rules
        for fault in rule.find(context)
    )
    return tuple(dict.fromkeys(found))


def find_untested(context: Context, against: Context, locate: Locate) -> tuple[Finding, ...]:
    """What this environment has and another never exercises."""
    return tuple(
        placed(context, untested.CODE, Severity.WARNING, delta.fault, delta.name, locate)
        for delta in untested.deltas(load_table(), context, against)
    )


def placed(
    context: Context, code: str, severity: Severity, fault: Fault, about: str, locate: Locate
) -> Finding:
    """A fault as a finding."""
    return Finding(
        rule=code,
        severity=severity,
        environment=context.environment.name,
        object=about,
        application=fault.object.application,
        message=fault.message,
        field=fault.field,
        values=locate(fault),
    )


def judge(
    environment: str, found: Sequence[Finding], acceptances: Sequence[Acceptance], codes: Collection[str]
) -> tuple[Finding, ...]:
    """The findings by application, accepted or not; an acceptance that meets none is one itself.

    `codes` are those of the rules that were asked: what is accepted of other rules that exist is left alone.
    """
    used: set[int] = set()
    judged = [_accepted(finding, acceptances, used) for finding in found]
    judged += _needless(environment, acceptances, used, codes)
    return tuple(sorted(judged, key=_order))


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
    environment: str, acceptances: Sequence[Acceptance], used: set[int], codes: Collection[str]
) -> Iterator[Finding]:
    known = {*codes, untested.CODE}
    for index, acceptance in enumerate(acceptances):
        if index in used or acceptance.rule in known - set(codes):
            continue
        if acceptance.rule in codes:
            about = acceptance.object or acceptance.application or "anything"
            rule, message = UNUSED, f"nothing of {about} breaks {acceptance.rule}: remove this acceptance"
        else:
            near = get_close_matches(acceptance.rule, sorted(known), n=1, cutoff=0.0)
            rule, message = UNKNOWN, f"there is no rule {acceptance.rule}; the nearest is {near[0]}"
        yield Finding(
            rule=rule,
            severity=Severity.ERROR,
            environment=environment,
            object="policy.accept",
            application=acceptance.application,
            message=message,
            field=f"policy.accept[{index}]",
            values=acceptance.values,
        )


def _order(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.application or "", finding.object, finding.rule, finding.field)
