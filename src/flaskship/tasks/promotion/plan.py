"""What a promotion writes, and what it may change: decided from the two environments, nothing touched."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flaskship.chart.difference import Change, Difference
from flaskship.chart.writing import ImageKeys
from flaskship.containers.names import qualified
from flaskship.model.errors import ConfigurationError, FlaskshipError, PreflightError
from flaskship.model.location import Location
from flaskship.model.project import Environment, Project
from flaskship.policy.finding import Finding
from flaskship.policy.images import parse_image
from flaskship.tasks.promotion.proof import Image, Proof
from flaskship.tasks.single_writer import LOCAL

_IMAGE_FIELD = re.compile(
    r"spec\.(?:jobTemplate\.spec\.)?template\.spec\.(?:initContainers|containers)\[[^\]]*\]\.image"
)
SHOWN = 5


class PromotionRefusedError(FlaskshipError):
    """A promotion would change more than images, or what nobody has tested: nothing was changed."""

    exit_code = 3
    code = "PromotionRefused"

    def __init__(
        self,
        message: str,
        evidence: tuple[str, ...],
        *,
        location: Location | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, location=location, hint=hint)
        self.listed = evidence
        """All that was found, where the message has the first of it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one application of the target gets, and what it had."""

    keys: ImageKeys
    before: str
    after: str
    inherited: bool = False
    """The source does not run this application; it runs the same image for others."""


def verify_path(project: Project, source: Environment, target: Environment) -> None:
    """Raise where flaskship.yaml does not lead from one environment to the other."""
    if target.promotes_from == source.name:
        return
    if target.promotes_from is None:
        message, hint = f"nothing is promoted to {target.name}", f"add promotes_from: {source.name} to it"
    else:
        message = f"{target.name} is promoted from {target.promotes_from}, not from {source.name}"
        hint = target.named.command("promote", target.promotes_from, target.name)
    raise ConfigurationError(message, location=Location(project.root / "flaskship.yaml"), hint=hint)


def choose(proof: Proof, target: Mapping[str, str], own_repository: Mapping[str, bool]) -> dict[str, Choice]:
    """Return what each application of the target gets; what the source has no image for is left out.

    `target` is each application's reference now. Where its environment names a repository of its own, that
    stays, and the same digest has to be there.
    """
    chosen = {}
    for application, before in target.items():
        image = proof.images.get(application) or _shared(proof, target, before)
        if image is None:
            continue
        reference = parse_image(before)
        pushed = image.at(reference.repository)
        same = qualified(pushed.repository) == qualified(reference.repository)
        keep = same or own_repository.get(application, False)
        if keep and not same and proof.engine == LOCAL:
            raise PreflightError(
                f"{reference.repository}, where this environment takes {application} from, has no image of "
                f"what {proof.environment} runs",
                hint=f"flaskship build --push --to {reference.repository}",
            )
        repository = reference.repository if keep else pushed.repository
        tag = pushed.tag if pushed.tag and pushed.tag != reference.tag else None
        keys = ImageKeys(pushed.digest, None if keep else pushed.repository, tag)
        after = f"{repository}:{tag or reference.tag}@{pushed.digest}"
        chosen[application] = Choice(keys, before, after, application not in proof.images)
    return chosen


def stray(difference: Difference) -> tuple[str, ...]:
    """Return everything that changes beside images of containers."""
    found = []
    for one in difference.changes:
        shown = f"{one.kind}/{one.name}"
        if one.change is not Change.CHANGED:
            found.append(f"{shown} is {one.change}")
        found += [f"{shown} {field.path}" for field in one.fields if not _IMAGE_FIELD.fullmatch(field.path)]
    return tuple(found)


def refuse_stray(source: str, goal: Environment, difference: Difference, against: str) -> None:
    """Raise where a promotion would ship more than digests."""
    others, target = stray(difference), goal.name
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        raise PromotionRefusedError(
            f"promoting {source} to {target} would change more than images against {against}: "
            f"{'; '.join(others[:SHOWN])}{more}",
            others,
            hint=f"deploy those changes by themselves first; see: {goal.command('diff')}",
        )


def refuse_untested(source: str, goal: Environment, findings: tuple[Finding, ...]) -> None:
    """Raise where the target has what the source never exercises and nobody accepted it."""
    if findings:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise PromotionRefusedError(
            f"{source} has never exercised what {goal.name} has: {first.object}: {first.message}{more}",
            tuple(
                f"{f'{one.values}: ' if one.values else ''}{one.object}: {one.message}" for one in findings
            ),
            location=first.values,
            hint=f"exercise it in {source}, or accept it with a reason in policy.accept; all of it: "
            + goal.command("check", "--untested-against", source),
        )


def _shared(proof: Proof, target: Mapping[str, str], before: str) -> Image | None:
    """The one image that the source runs for all applications which share this repository, if it is one."""
    repository = qualified(parse_image(before).repository)
    found = [
        image
        for name, image in proof.images.items()
        if repository
        in {qualified(parse_image(one).repository) for one in (image.named, target.get(name, ""))}
    ]
    return found[0] if found and len({image.choices[-1].digest for image in found}) == 1 else None
