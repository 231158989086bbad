"""flaskship up."""

from pathlib import Path

import click

from flaskship.cli import documents, options, screens
from flaskship.cli.failures import failure_of
from flaskship.cli.output import Output
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment
from flaskship.tasks import up as story
from flaskship.tasks.prepare import Wish
from flaskship.tasks.targets import LOCAL


@click.command("up")
@options.environment_argument
@click.option("--detach", is_flag=True, help="Return when it is healthy; it goes on running.")
@click.option("--strict", is_flag=True, help="Refuse what this machine does not honour exactly.")
@options.values_options
@options.timeout_option
@options.lock_timeout_option
@global_options
def command(
    env: str,
    detach: bool,
    strict: bool,
    files: tuple[Path, ...],
    sets: tuple[str, ...],
    timeout: float | None,
    lock_timeout: float,
) -> int:
    """Build what is needed, run ENV on this machine, wait until it is healthy, show where it answers."""
    settings = options.current()
    output = settings.output
    if output.json and not detach:
        raise ConfigurationError(
            "an attached up follows the logs, which is not one JSON document", hint="add --detach"
        )
    world, project = options.load(settings)
    environment = options.choose(project, env, files=files, sets=sets)
    wish = Wish(files, sets, timeout=timeout, lock_timeout=lock_timeout, named=environment.named_on(LOCAL))

    async def tell_it() -> int:
        engine = world.open_engine(project, environment, LOCAL)
        try:
            result = await story.up(world, project, environment, engine, wish, output, strict=strict)
            code = _print(output, result, environment)
            if detach or code:
                return code
            await story.attend(engine, env, output, started=result.started)
            return 0
        finally:
            await engine.close()

    return tell(tell_it())


def _print(output: Output, result: story.Up, environment: Environment) -> int:
    moved = result.moved
    changed = {"changed": moved is not None}
    document = documents.status_document(result.snapshot) | changed
    if moved is not None:
        document |= documents.moved_document(moved)
    lines = [] if moved is None or moved.successful else screens.moved_screen(moved)
    lines += screens.status_screen(result.snapshot, environment)
    if result.secrets is not None and (moved is None or moved.successful):
        lines += ["", f"Keys and passwords made up for this machine: {result.secrets}"]
    output.answer(document, lines)
    if moved is None:
        return 0
    failure = failure_of(
        moved.move.verdict,
        moved.exit_code,
        f"{moved.environment} is not healthy",
        f"see: {environment.named_on(LOCAL).command('logs', moved.environment)}",
    )
    if failure is not None:
        output.fail(failure)
    return moved.exit_code
