"""flaskship promote."""

import click

from flaskship.cli import options
from flaskship.cli.failures import failure_of
from flaskship.cli.numbers import WholeNumber
from flaskship.cli.promotions import promoted_document, promoted_screen
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks.gitops import Pushing
from flaskship.tasks.prepare import Wish
from flaskship.tasks.promotion.promote import Promoted, Trip
from flaskship.tasks.promotion.promote import promote as story


@click.command("promote")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--app", metavar="APP", help="One application only.")
@click.option("--context", metavar="NAME", help="The context of TO's cluster.")
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@options.push_options
@options.reason_option
@options.take_over_option
@options.timeout_option
@options.lock_timeout_option
@click.option(
    "--max-failed", type=WholeNumber(min=0), metavar="N", help="Fail where more requests than N were lost."
)
@click.option("--no-rollback", is_flag=True, help="Leave a failed revision as it is, for study.")
@global_options
def command(
    source: str,
    target: str,
    app: str | None,
    context: str | None,
    dry_run: bool,
    push: bool,
    sync_timeout: float,
    reason: str,
    take_over: str | None,
    timeout: float | None,
    lock_timeout: float,
    max_failed: int | None,
    no_rollback: bool,
) -> int:
    """Bring the digests that run and were verified in FROM to TO, and nothing else."""
    settings = options.current()
    world, project = options.load(settings)
    goal = options.choose(project, target, context=context)
    trip = Trip(
        world,
        project,
        options.choose(project, source),
        goal,
        settings.output,
        Wish((), (), reason, timeout, lock_timeout, max_failed, not no_rollback, goal.named),
        application=app,
        dry_run=dry_run,
        pushing=Pushing(push, sync_timeout),
        take_over=take_over,
    )
    promoted: Promoted = tell(story(trip))
    settings.output.answer(promoted_document(promoted), promoted_screen(promoted))
    verdict = promoted.moved.move.verdict if promoted.moved else None
    if promoted.delivery is not None:
        verdict = promoted.delivery.verdict
    if promoted.exit_code and verdict is not None:
        hint = f"see: {goal.named.command('status', target)}"
        failure = failure_of(verdict, promoted.exit_code, "promotion failed", hint)
        if failure is not None:
            settings.output.fail(failure)
    return promoted.exit_code
