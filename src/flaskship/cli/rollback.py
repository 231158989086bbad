"""flaskship rollback."""

import click

from flaskship.cli import options
from flaskship.cli.deploy import print_moved
from flaskship.cli.failures import failure_of
from flaskship.cli.numbers import WholeNumber
from flaskship.cli.output import Output
from flaskship.cli.promotions import reverted_document, reverted_screen
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project
from flaskship.model.release import Provenance
from flaskship.tasks import rollback as story
from flaskship.tasks.gitops import Pushing
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.result import Moved
from flaskship.tasks.revert import Reverted, revert
from flaskship.tasks.targets import LOCAL, open_to_write
from flaskship.tasks.world import World


@click.command("rollback")
@options.environment_argument
@click.argument("revision", metavar="[REVISION]", required=False, type=WholeNumber(min=1))
@click.option("--app", metavar="APP", help="One application only.")
@options.engine_options
@options.reason_option
@options.take_over_option
@options.push_options
@options.timeout_option
@options.lock_timeout_option
@global_options
def command(
    env: str,
    revision: int | None,
    app: str | None,
    engine: str | None,
    context: str | None,
    reason: str,
    take_over: str | None,
    push: bool,
    sync_timeout: float,
    timeout: float | None,
    lock_timeout: float,
) -> int:
    """Go back to an older revision of ENV as a new one; to the last successful one before, by default."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)
    wish = Wish(timeout=timeout, lock_timeout=lock_timeout, named=environment.named)
    by = world.provenance(project.root, reason or take_over or "")
    if environment.writer == "argocd" and (engine or environment.engine) != LOCAL and take_over is None:
        if revision is not None or app is not None:
            raise ConfigurationError(
                f"{env} is written by Argo CD from Git: its last promotion is taken back as a whole",
                hint="leave REVISION and --app out, or revert another commit yourself: git revert COMMIT",
            )
        return _through_git(world, project, environment, by, Pushing(push, sync_timeout), settings.output)
    if push:
        raise ConfigurationError(f"--push: {env} is not written through Git", hint="leave it out")

    async def tell_it() -> Moved:
        chosen, _ = await open_to_write(
            world, project, environment, engine, f"rollback {env}", take_over, applies=True
        )
        try:
            return await story.rollback(
                world,
                chosen,
                env,
                revision,
                by,
                wish,
                settings.output,
                app,
                lambda: draft(world, project, environment, Wish(), 1, is_upgrade=True),
            )
        finally:
            await chosen.close()

    return print_moved(settings.output, tell(tell_it()), "rollback failed", wish.named)


def _through_git(
    world: World,
    project: Project,
    environment: Environment,
    by: Provenance,
    pushing: Pushing,
    output: Output,
) -> int:
    reverted: Reverted = tell(revert(world, project, environment, by, pushing, output))
    output.answer(reverted_document(reverted), reverted_screen(reverted))
    if reverted.exit_code:
        hint = f"see: {environment.command('status')}"
        failure = failure_of(reverted.delivery.verdict, reverted.exit_code, "rollback failed", hint)
        if failure is not None:
            output.fail(failure)
    return reverted.exit_code
