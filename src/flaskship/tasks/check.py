"""Check: render environments, judge their objects by the rules, place each finding in the values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project
from flaskship.policy.check import find, find_untested, judge
from flaskship.policy.context import Context
from flaskship.policy.finding import Acceptance, Finding
from flaskship.policy.objects import parse_objects
from flaskship.policy.untested import CODE as UNTESTED
from flaskship.tasks.declared import declared_database, declared_outside, declared_ways
from flaskship.tasks.differing import Difference
from flaskship.tasks.places import application_path, locate, names_at, place, value_at
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.world import Layered, Report, World

POLICY_FINDINGS = 3
ACCEPT = "policy.accept"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in which environments."""

    environments: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that keep the check from passing."""
        return tuple(finding for finding in self.findings if finding.fails)

    @property
    def exit_code(self) -> int:
        """Return 3 where a finding fails the check, else 0."""
        return POLICY_FINDINGS if self.failing else 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One environment as the rules see it, with the values that it came from."""

    context: Context
    layered: Layered


def check(
    world: World,
    project: Project,
    environments: Sequence[Environment],
    files: Sequence[Path],
    sets: Sequence[str],
    report: Report,
    against: Environment | None = None,
) -> Checked:
    """Judge the environments; the values that a user adds are those of each of them."""
    if against in environments:
        raise ConfigurationError(
            f"{against.name} cannot be compared with itself" if against else "",
            hint="name the environments to check before the option",
        )
    wish = Wish(tuple(files), tuple(sets))
    drawn = {one.name: _draw(world, project, one, wish) for one in environments}
    others = {
        one.name: other
        for one in project.environments
        if one.name not in drawn
        if (
            other := _draw_other(
                world, project, one, report, needed=against is not None and one.name == against.name
            )
        )
        is not None
    }
    contexts = {name: one.context for name, one in {**others, **drawn}.items()}
    rules = world.rules()
    findings: list[Finding] = []
    for name, one in drawn.items():
        around = tuple(context for other, context in contexts.items() if other != name)
        context = replace(one.context, others=around)
        finder = partial(locate, world, one.layered)
        found, codes = find(context, rules, finder), [rule.CODE for rule in rules]
        if against is not None:
            difference = Difference(world, one.layered, others[against.name].layered, against.name)
            found += find_untested(context, contexts[against.name], difference.locate)
            codes.append(UNTESTED)
        findings += judge(name, found, tuple(read_acceptances(world, one.layered)), codes)
    return Checked(tuple(drawn), tuple(findings))


def _draw_other(
    world: World, project: Project, environment: Environment, report: Report, *, needed: bool
) -> Drawn | None:
    """An environment to compare with; one that does not render keeps nobody from checking another."""
    try:
        return _draw(world, project, environment, Wish())
    except ConfigurationError as error:
        if needed:
            raise
        report.warn(f"{environment.name} does not render, so that nothing is compared with it: {error}")
        return None


def _draw(world: World, project: Project, environment: Environment, wish: Wish) -> Drawn:
    plan = draft(world, project, environment, wish, 1, is_upgrade=False)
    applications = tuple(names_at(world, plan.layered, "applications"))
    context = Context(
        environment=environment,
        objects=parse_objects(
            (*plan.rendered.documents, *plan.rendered.hooks), applications, environment.namespace
        ),
        requires_digest=frozenset(
            name
            for name in applications
            if value_at(world, plan.layered, f"{application_path(name)}.image.requireDigest") is True
        ),
        database=declared_database(world, plan.layered),
        outside=declared_outside(world, plan.layered),
        ways=declared_ways(world, plan.layered),
        leads_to=frozenset(one.name for one in project.environments if one.promotes_from == environment.name),
    )
    return Drawn(context, plan.layered)


def read_acceptances(world: World, layered: Layered) -> Iterator[Acceptance]:
    """The entries of policy.accept; one without a rule or a reason is an error with its line."""
    given = value_at(world, layered, ACCEPT)
    for index, entry in enumerate(given if isinstance(given, list) else ()):
        where = place(world, layered, f"{ACCEPT}[{index}]")
        fields: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
        for key in ("rule", "reason"):
            if not isinstance(fields.get(key), str) or not fields[key].strip():
                raise ConfigurationError(
                    f"{ACCEPT}[{index}].{key}: is required and missing",
                    location=where,
                    hint="{rule: RULE, reason: why it is taken here}",
                )
        yield Acceptance(
            fields["rule"], fields["reason"].strip(), fields.get("application"), fields.get("object"), where
        )
