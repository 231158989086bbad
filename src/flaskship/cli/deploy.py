"""flaskship deploy."""

from pathlib import Path

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.failures import failure_of
from flaskship.cli.numbers import WholeNumber
from flaskship.cli.output import Output
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.model.named import Named
from flaskship.tasks import deploy as story
from flaskship.tasks.image_override import image_sets
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.targets import open_to_write


@click.command("deploy")
@options.environment_argument
@options.engine_options
@options.values_options
@click.option(
    "--image", "images", multiple=True, metavar="APP=REF", help="Another image for one application."
)
@options.reason_option
@options.take_over_option
@options.timeout_option
@options.lock_timeout_option
@click.option(
    "--max-failed", type=WholeNumber(min=0), metavar="N", help="Fail where more requests than N were lost."
)
@click.option("--no-rollback", is_flag=True, help="Leave a failed revision as it is, for study.")
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@global_options
def command(
    env: str,
    engine: str | None,
    context: str | None,
    files: tuple[Path, ...],
    sets: tuple[str, ...],
    images: tuple[str, ...],
    reason: str,
    take_over: str | None,
    timeout: float | None,
    lock_timeout: float,
    max_failed: int | None,
    no_rollback: bool,
    dry_run: bool,
) -> int:
    """Bring ENV to what its files say now; a failure goes back to what ran before."""
    settings = options.current()
    world, project = options.load(settings)
    every_set = (*sets, *(one for image in images for one in image_sets(image)))
    environment = options.choose(project, env, engine, context, files=files, sets=every_set)
    wish = Wish(
        files,
        every_set,
        reason or take_over or "",
        timeout,
        lock_timeout,
        max_failed,
        not no_rollback,
        environment.named,
    )

    async def tell_it() -> int:
        chosen, drawn = await open_to_write(
            world,
            project,
            environment,
            engine,
            f"deploy {env}",
            take_over,
            applies=not dry_run,
            wish=None if dry_run else wish,
        )
        try:
            if dry_run:
                prospect = await story.rehearse(world, project, environment, chosen, wish)
                return _print_changes(settings.output, env, chosen.name, prospect)
            moved = await story.deploy(world, project, environment, chosen, wish, settings.output, drawn)
            return print_moved(settings.output, moved, "deploy failed", wish.named)
        finally:
            await chosen.close()

    return tell(tell_it())


def print_moved(output: Output, moved: Moved, what: str, named: Named) -> int:
    """Print what a move came to and return the exit code."""
    ignored = {} if moved.ignored is None else {"ignored": documents.ignored_list(moved.ignored)}
    output.answer(documents.moved_document(moved) | ignored, screens.moved_screen(moved))
    hint = f"see: {named.command('logs', moved.environment)}"
    failure = failure_of(moved.move.verdict, moved.exit_code, what, hint)
    if failure is not None:
        output.fail(failure)
    return moved.exit_code


def _print_changes(output: Output, env: str, engine: str, prospect: story.Prospect) -> int:
    listed = [{"kind": one.kind, "name": one.name, "change": one.change} for one in prospect.changes]
    lines = [f"{one.change:8} {one.kind}/{one.name}" for one in prospect.changes]
    lines = lines or [f"{env}: nothing would change"]
    lines += [f"ignored  {story.ignored_line(one)}" for one in prospect.ignored]
    document = {"environment": env, "engine": engine, "dry_run": True, "changes": listed}
    output.answer(document | {"ignored": documents.ignored_list(prospect.ignored)}, lines)
    return 0
