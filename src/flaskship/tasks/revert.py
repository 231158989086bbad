"""Rollback where Git is the way to the cluster: the last promotion is reverted by a commit."""

from dataclasses import dataclass

from flaskship.chart.difference import Difference, compare
from flaskship.gitops.repository import Commit, Repository, open_repository
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project
from flaskship.model.release import Document, Provenance
from flaskship.tasks.gitops import (
    ACTOR,
    REVERTS,
    Delivery,
    Pushing,
    deliver,
    last_promotion,
    message_of,
    verified_too,
    verify_clean,
    verify_owner,
)
from flaskship.tasks.prepare import Wish, draft, relative
from flaskship.tasks.world import Report, World


@dataclass(frozen=True, slots=True)
class Reverted:
    """Which promotion was taken back, by which commit, and what Argo CD made of it."""

    environment: Environment
    promotion: Commit
    difference: Difference
    file: str
    delivery: Delivery

    @property
    def exit_code(self) -> int:
        """1 where Argo CD was followed and did not come to the revert healthily, else 0."""
        return self.delivery.exit_code


async def revert(
    world: World,
    project: Project,
    environment: Environment,
    by: Provenance,
    pushing: Pushing,
    report: Report,
) -> Reverted:
    """Commit the revert of the newest promotion that still stands; later edits of the file are kept."""
    engine = await verify_owner(world, project, environment, report)
    try:
        repository = open_repository(project.root)
        verify_clean(repository, project, environment.command("rollback"))
        file = project.chart / f"values-{environment.name}.yaml"
        path = repository.relative(file)
        promotion = last_promotion(repository.commits(path), environment.name)
        if promotion is None:
            raise ConfigurationError(
                f"{environment.name} has no promotion to take back in this branch's history of {path}",
                hint=f"git log -- {path} shows what changed it; git revert COMMIT takes one back",
            )
        before = _rendered(world, project, environment)
        text = without(repository, path, promotion, file.read_text(encoding="utf-8"))
        title = promotion.message.splitlines()[0]
        report.step(f"taking back {promotion.sha[:12]}: {title}")
        message = message_of(
            f'Revert "{title}"',
            [by.reason] if by.reason else [],
            {REVERTS: promotion.sha, ACTOR: by.actor},
        )
        delivery = await deliver(world, repository, environment, file, text, message, pushing, report)
        if engine is not None:
            delivery = await verified_too(world, project, engine, environment, delivery)
        difference = compare(before, _rendered(world, project, environment))
        return Reverted(environment, promotion, difference, str(relative(file, project.root)), delivery)
    finally:
        if engine is not None:
            await engine.close()


def without(repository: Repository, path: str, commit: Commit, now: str) -> str:
    """Return a file's text without what a commit did to it; later edits that are in the way are an error."""
    after, before = repository.show(commit.sha, path), repository.show(f"{commit.sha}^", path)
    text = before if now == after else repository.merged(now, after, before)
    if text is None or text == now:
        why = "what it wrote was changed since" if text is None else "nothing of it is left"
        raise ConfigurationError(
            f"{commit.sha[:12]} cannot be taken back from {path}: {why}",
            hint=f"git log -p -- {path} shows the changes; change the digests there and commit them",
        )
    return text


def _rendered(world: World, project: Project, environment: Environment) -> tuple[Document, ...]:
    return draft(world, project, environment, Wish(), 1, is_upgrade=True).rendered.documents
