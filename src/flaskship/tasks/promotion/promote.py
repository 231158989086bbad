"""Promote: the digests that one environment has proven, written for another and brought there."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from flaskship.chart.difference import Difference, compare
from flaskship.chart.rewritten import in_the_original
from flaskship.chart.writing import replace_file, with_images
from flaskship.engines.base import Doing, Engine
from flaskship.gitops.repository import open_repository
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document
from flaskship.policy.untested import CODE as UNTESTED
from flaskship.tasks.carry_out import last_healthy
from flaskship.tasks.check import check
from flaskship.tasks.deploy import deploy
from flaskship.tasks.gitops import (
    ACTOR,
    PROMOTION,
    Delivery,
    Pushing,
    deliver,
    message_of,
    verified_too,
    verify_clean,
    verify_owner,
)
from flaskship.tasks.one_application import applications
from flaskship.tasks.prepare import Draft, Wish, draft, relative
from flaskship.tasks.promotion.plan import Choice, choose, refuse_stray, refuse_untested, verify_path
from flaskship.tasks.promotion.proof import Proof, main_image, prove
from flaskship.tasks.result import Moved
from flaskship.tasks.single_writer import guard, rendered_objects
from flaskship.tasks.targets import find_application, permitted
from flaskship.tasks.world import Report, World

PLACEHOLDER = "image-digest"
"""The rule whose acceptance stands in for the first digest."""


@dataclass(frozen=True, slots=True)
class Trip:
    """From where to where something is promoted, and what the user asked of it."""

    world: World
    project: Project
    source: Environment
    target: Environment
    report: Report
    wish: Wish
    application: str | None = None
    dry_run: bool = False
    pushing: Pushing = field(default_factory=Pushing)
    take_over: str | None = None

    @property
    def file(self) -> Path:
        """The values that are written."""
        return self.project.chart / f"values-{self.target.name}.yaml"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written, and what it would change."""

    choices: Mapping[str, Choice]
    before: str
    after: str
    rendered: tuple[Document, ...]
    difference: Difference


@dataclass(frozen=True, slots=True)
class Promoted:
    """What a promotion came to: the proof of the source, what was written, and what the target made of it."""

    proof: Proof
    target: Environment
    choices: Mapping[str, Choice]
    difference: Difference
    file: str
    dry_run: bool
    moved: Moved | None = None
    delivery: Delivery | None = None
    next: str | None = None
    """What is left to do, by whoever writes the target."""
    unchanged: bool = False
    """Whether the values had these digests already, so that nothing was written."""

    @property
    def exit_code(self) -> int:
        """0 where all that was asked for is done."""
        if self.moved is not None:
            return self.moved.exit_code
        return self.delivery.exit_code if self.delivery is not None else 0


async def promote(trip: Trip) -> Promoted:
    """Write what the source has proven into the target's values; the target's own writer brings it there."""
    verify_path(trip.project, trip.source, trip.target)
    reading = trip.world.open_engine(trip.project, trip.source, trip.source.engine)
    try:
        trip.report.step(f"{trip.source.name}: asking what runs and was verified")
        proof = await prove(trip.world, trip.project, trip.source, reading, trip.application)
    finally:
        await reading.close()
    if trip.target.writer == "cli":
        return await _by_us(trip, proof)
    return await _by_another(trip, proof)


def plan_promotion(trip: Trip, proof: Proof) -> Plan:
    """Decide what is written; refuse what would change more than images, or what is untested."""
    now = draft(trip.world, trip.project, trip.target, Wish(), 1, is_upgrade=True)
    references = _references(now, trip.application)
    choices = choose(proof, references, _own_repositories(trip, now, tuple(references)))
    _tell(trip, proof, references, choices)
    before = trip.file.read_text(encoding="utf-8")
    named = {**references, **{name: one.after for name, one in choices.items()}}
    # The acceptance stood in for the digests: with all of them there it would accept nothing.
    complete = trip.application is None and all("@" in reference for reference in named.values())
    keys = {name: one.keys for name, one in choices.items()}
    after = with_images(before, keys, trip.file, without_rule=PLACEHOLDER if complete else "")
    with tempfile.TemporaryDirectory(prefix="flaskship-promotion-") as folder:
        aside = Path(folder) / trip.file.name
        aside.write_text(after, encoding="utf-8", newline="")
        # Laid over the file as it is, the new text is the file as it will be: a promotion removes no value.
        wish = Wish(files=(aside,))
        rendered = draft(trip.world, trip.project, trip.target, wish, 1, is_upgrade=True).rendered.documents
        found = check(
            trip.world, trip.project, (trip.target,), (aside,), (), trip.report, trip.source
        ).findings
    difference = compare(now.rendered.documents, rendered)
    refuse_stray(trip.source.name, trip.target, difference, f"what {trip.file.name} renders now")
    # The proof is that the source runs these, whatever its values say.
    proven = {f"image {one.after} of {name}" for name, one in choices.items()}
    untested = (one for one in found if one.rule == UNTESTED and one.fails and one.object not in proven)
    # The text aside is gone when the refusal is read.
    place = partial(
        in_the_original,
        aside=str(aside),
        original=str(relative(trip.file, trip.project.root)),
        before=before,
        after=after,
    )
    refuse_untested(
        trip.source.name,
        trip.target,
        tuple(replace(one, values=_as_told(place(one.values), trip.project)) for one in untested),
    )
    return Plan(choices, before, after, rendered, difference)


async def _by_us(trip: Trip, proof: Proof) -> Promoted:
    engine = trip.world.open_engine(trip.project, trip.target, trip.target.engine)
    try:
        drawn = rendered_objects(trip.world, trip.project, trip.target)
        async with permitted(engine, trip.target.name, drawn or (), None if trip.dry_run else Doing.DEPLOY):
            await guard(trip.world, trip.project, trip.target, engine, trip.take_over, drawn)
        plan = plan_promotion(trip, proof)
        result = _promoted(trip, proof, plan, await _against_deployed(trip, engine, plan))
        if trip.dry_run:
            return result
        if result.unchanged:
            trip.report.step(f"{result.file} has these digests already: deploying what it says")
        else:
            trip.report.step(f"{result.file}: writing {len(plan.choices)} digests")
            replace_file(trip.file, plan.after)
        reason = trip.wish.reason or trip.take_over or subject(proof, trip.target)
        wish = replace(trip.wish, reason=reason)
        try:
            moved = await deploy(trip.world, trip.project, trip.target, engine, wish, trip.report)
        except BaseException:
            _put_back(trip, plan)
            raise
        if not moved.successful and trip.wish.rollback:
            _put_back(trip, plan)
        return replace(result, moved=moved)
    finally:
        await engine.close()


async def _against_deployed(trip: Trip, engine: Engine, plan: Plan) -> Difference:
    """Compare with what the target last ran well: nothing that piled up in the files since goes along."""
    healthy = last_healthy(await engine.history(trip.target.name))
    if healthy is None:
        trip.report.step(f"{trip.target.name} has never run well: all of it is new there")
        return plan.difference
    deployed = (await engine.recall(trip.target.name, healthy.number)).documents
    difference = compare(deployed, plan.rendered)
    refuse_stray(trip.source.name, trip.target, difference, f"its revision {healthy.number}")
    return difference


async def _by_another(trip: Trip, proof: Proof) -> Promoted:
    engine = await verify_owner(trip.world, trip.project, trip.target, trip.report)
    try:
        plan = plan_promotion(trip, proof)
        result = _promoted(trip, proof, plan, plan.difference)
        if trip.target.writer == "terraform":
            return _for_terraform(trip, plan, result)
        repository = open_repository(trip.project.root)
        verify_clean(
            repository, trip.project, trip.target.named.command("promote", trip.source.name, trip.target.name)
        )
        if trip.dry_run or plan.before == plan.after:
            return result
        delivery = await deliver(
            trip.world,
            repository,
            trip.target,
            trip.file,
            plan.after,
            _message(trip, proof, plan),
            trip.pushing,
            trip.report,
        )
        if engine is not None:
            delivery = await verified_too(trip.world, trip.project, engine, trip.target, delivery)
        return replace(result, delivery=delivery, next=delivery.next)
    finally:
        if engine is not None:
            await engine.close()


def _for_terraform(trip: Trip, plan: Plan, result: Promoted) -> Promoted:
    if not trip.dry_run and plan.before != plan.after:
        trip.report.step(f"{result.file}: writing {len(plan.choices)} digests")
        replace_file(trip.file, plan.after)
    apply = f"terraform -chdir=infra/terraform apply -var-file=environments/{trip.target.name}.tfvars"
    return replace(result, next=apply)


def subject(proof: Proof, target: Environment) -> str:
    """One line that says what is promoted where."""
    return f"Promote {proof.environment} revision {proof.revision} to {target.name}"


def _message(trip: Trip, proof: Proof, plan: Plan) -> str:
    lines = [f"{name}: {one.after}" for name, one in plan.choices.items()]
    if proof.receipt is not None:
        sent, failed = proof.receipt.sent, proof.receipt.failed
        lines += ["", f"Verified in {proof.environment} under {sent} requests, of which {failed} failed."]
    if trip.wish.reason:
        lines += ["", trip.wish.reason]
    actor = trip.world.provenance(trip.project.root, "").actor
    trailers = {PROMOTION: f"{proof.environment} -> {trip.target.name}", ACTOR: actor}
    return message_of(subject(proof, trip.target), lines, trailers)


def _promoted(trip: Trip, proof: Proof, plan: Plan, difference: Difference) -> Promoted:
    file = str(relative(trip.file, trip.project.root))
    unchanged = plan.before == plan.after
    return Promoted(proof, trip.target, plan.choices, difference, file, trip.dry_run, unchanged=unchanged)


def _as_told(found: Location | None, project: Project) -> Location | None:
    """A place with its file as somebody in the project's folder would write it."""
    if found is None:
        return None
    return Location(str(relative(Path(found.file), project.root)), found.line)


def _put_back(trip: Trip, plan: Plan) -> None:
    """Let the file say again what runs, unless somebody wrote into it meanwhile."""
    if trip.file.read_text(encoding="utf-8") == plan.after:
        replace_file(trip.file, plan.before)
        trip.report.warn(f"{trip.file.name} says again what it said before")


def _tell(trip: Trip, proof: Proof, references: Mapping[str, str], choices: Mapping[str, Choice]) -> None:
    source, target = trip.source.name, trip.target.name
    for name, one in choices.items():
        if one.inherited and trip.application is None:
            trip.report.warn(f"{source} does not run {name}: it gets the image that runs there for others")
    for name in sorted(references.keys() - choices.keys()):
        trip.report.warn(f"{name} keeps {references[name]}: {source} runs nothing of that repository")
    for name in sorted(proof.images.keys() - references.keys()):
        trip.report.step(f"{target} does not run {name}")
    if not choices:
        raise ConfigurationError(
            f"{source} and {target} have no image in common",
            hint=f"{trip.target.command('diff', '--against', source)} shows how they differ",
        )


def _references(plan: Draft, only: str | None) -> dict[str, str]:
    known = applications(plan.rendered.documents)
    if only is not None:
        find_application(plan.environment.name, only, known)
    found = {name: main_image(plan.rendered.documents, name) for name in known if only in (None, name)}
    return {name: reference for name, reference in found.items() if reference is not None}


def _own_repositories(trip: Trip, plan: Draft, names: tuple[str, ...]) -> dict[str, bool]:
    """Whether the target's own values, rather than those of all environments, name a repository."""
    own = {}
    for name in names:
        path = f"applications.{name.replace('.', chr(92) + '.')}.image.repository"
        origins = trip.world.origins(plan.layered, path)
        own[name] = bool(origins) and Path(origins[-1].location.file) == trip.file
    return own
