"""Findings become accepted by reasons alone, and a reason for nothing is a finding."""

from tests.unit.policy.market import Change, market

from flaskship.model.location import Location
from flaskship.policy.check import find, judge
from flaskship.policy.checks import RULES, image_tag, single_replica
from flaskship.policy.finding import Acceptance, Finding, Severity
from flaskship.policy.objects import Fault

CODES = [rule.CODE for rule in RULES]
HERE = Location("values-prod.yaml", 7)
REASON = "known, and fine here"


def found(*objects: str, rule: str = "image-tag", severity: Severity = Severity.ERROR) -> tuple[Finding, ...]:
    return tuple(Finding(rule, severity, "prod", one, one.partition("/")[2], "is bad") for one in objects)


def judged(findings: tuple[Finding, ...], *acceptances: Acceptance) -> list[tuple[str, str, str | None]]:
    return [(one.rule, one.object, one.accepted) for one in judge("prod", findings, acceptances, CODES)]


def test_an_acceptance_takes_what_it_names_and_nothing_else() -> None:
    two = found("Deployment/shop", "Deployment/till")
    taken = Acceptance("image-tag", REASON, object="Deployment/sh*")
    assert judged(two, taken) == [
        ("image-tag", "Deployment/shop", REASON),
        ("image-tag", "Deployment/till", None),
    ]
    by_application = Acceptance("image-tag", REASON, application="till")
    assert [accepted for *_, accepted in judged(two, by_application)] == [None, REASON]
    both = Acceptance("image-tag", REASON, application="till", object="Deployment/shop")
    assert [accepted for *_, accepted in judged(two, both)] == [None, None, None], "and it is unused"


def test_the_first_reason_counts_and_a_second_one_for_the_same_is_no_fault() -> None:
    findings = judged(
        found("Deployment/shop"), Acceptance("image-tag", "first"), Acceptance("image-tag", "second")
    )
    assert findings == [("image-tag", "Deployment/shop", "first")]


def test_an_acceptance_that_meets_nothing_is_an_error_at_its_line() -> None:
    [one] = judge("prod", (), [Acceptance("image-tag", REASON, application="shop", values=HERE)], CODES)
    assert (one.rule, one.severity, one.values, one.fails) == (
        "acceptance-unused",
        Severity.ERROR,
        HERE,
        True,
    )
    assert "nothing of shop breaks image-tag" in one.message


def test_an_acceptance_of_no_rule_names_the_nearest() -> None:
    [one] = judge("prod", (), [Acceptance("image-tags", REASON)], CODES)
    assert (one.rule, one.message) == (
        "acceptance-unknown",
        "there is no rule image-tags; the nearest is image-tag",
    )


def test_what_is_accepted_of_a_rule_that_was_not_asked_is_left_alone() -> None:
    untested = Acceptance("untested", REASON, object="VerticalPodAutoscaler")
    assert judge("prod", (), [untested], CODES) == ()
    assert [one.rule for one in judge("prod", (), [untested], [*CODES, "untested"])] == ["acceptance-unused"]


def test_an_info_never_fails_and_an_accepted_error_does_not_either() -> None:
    info, error = found("A/a", severity=Severity.INFO)[0], found("A/a")[0]
    assert not info.fails
    assert error.fails
    [accepted] = judge("prod", (error,), [Acceptance("image-tag", REASON)], CODES)
    assert not accepted.fails


def test_a_finding_says_rule_object_field_and_the_line_that_locate_knows() -> None:
    asked: list[Fault] = []

    def locate(fault: Fault) -> Location:
        asked.append(fault)
        return HERE

    broken = market(Change(set={"Deployment/shop spec template spec containers 0 image": "shop"}))
    [one] = find(broken, (image_tag,), locate)
    assert (one.rule, one.object, one.application, one.values) == (
        "image-tag",
        "Deployment/shop",
        "shop",
        HERE,
    )
    assert one.field == "spec.template.spec.containers[0].image"
    assert asked[0].setting == "image.tag"


def test_one_fault_is_told_once() -> None:
    class Twice:
        """Something twice."""

        CODE, SEVERITY = "twice", Severity.ERROR

        def find(self, context):
            yield context.objects[0].fault("again", "spec")
            yield context.objects[0].fault("again", "spec")

    assert len(find(market(), (Twice(),), lambda fault: None)) == 1
    assert find(market(), (single_replica,), lambda fault: None) == ()
