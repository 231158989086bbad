"""flaskship verify."""

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.failures import failure_of
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.engines.base import Doing
from flaskship.model.release import Document
from flaskship.tasks import verify as story
from flaskship.tasks.reading import reading
from flaskship.tasks.single_writer import objects_of


@click.command("verify")
@options.environment_argument
@options.engine_options
@click.option("--tests/--no-tests", default=True, help="Run the release's own tests, where it has some.")
@options.lock_timeout_option
@global_options
def command(env: str, engine: str | None, context: str | None, tests: bool, lock_timeout: float) -> int:
    """Judge ENV as it is now, ask each of its addresses and, on a cluster, run the release's own tests.

    Ends with 0 only where all is known to be well.
    """
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)

    owner = world.provenance(project.root, "").actor
    thorough = story.Thorough(owner, settings.output, lock_timeout) if tests else None
    doing = Doing.VERIFY if tests else Doing.JUDGE

    async def tell_it() -> story.Verified:
        async with reading(world, project, environment, engine, doing=doing) as (opened, seen):
            applied: tuple[Document, ...] = ()
            if seen.release is None and seen.workloads:
                applied = await objects_of(world, project, environment, opened)
            return await story.verify(world, opened, env, thorough, applied, environment.named)

    verified = tell(tell_it())
    settings.output.answer(
        documents.verified_document(verified), screens.verified_screen(verified, environment)
    )
    failure = failure_of(verified.verdict, verified.exit_code, f"{env} is not well")
    if failure is not None:
        settings.output.fail(failure)
    return verified.exit_code
