"""What restart, scale, pause and resume share: open, steer, print."""

from collections.abc import Awaitable, Callable

from flaskship.cli import documents, options, screens
from flaskship.cli.failures import failure_of
from flaskship.cli.running import tell
from flaskship.engines.base import Doing, Engine
from flaskship.tasks.locking import owned_by
from flaskship.tasks.prepare import Wish
from flaskship.tasks.steer import Steered
from flaskship.tasks.targets import open_to_write
from flaskship.tasks.world import Report, World

Steering = Callable[[World, Engine, str, Wish, Report], Awaitable[Steered]]
"""Told the world, the engine, who asks, the limits and who hears of it."""


def steer(
    name: str,
    env: str,
    engine: str | None,
    context: str | None,
    timeout: float | None,
    lock_timeout: float,
    take_over: str | None,
    story: Steering,
    doing: Doing = Doing.STEER,
) -> int:
    """Run a steering story on the engine that a write means and print what it came to."""
    settings = options.current()
    world, project = options.load(settings)
    environment = options.choose(project, env, engine, context)
    wish = Wish(timeout=timeout, lock_timeout=lock_timeout, named=environment.named)
    owner = owned_by(world.provenance(project.root, "").actor, name)

    async def tell_it() -> Steered:
        chosen, _ = await open_to_write(
            world, project, environment, engine, f"{name} {env}", take_over, doing=doing
        )
        try:
            return await story(world, chosen, owner, wish, settings.output)
        finally:
            await chosen.close()

    steered = tell(tell_it())
    lines = [*screens.status_screen(steered.snapshot, environment), *screens.verdict_lines(steered.verdict)]
    settings.output.answer(documents.steered_document(steered), lines)
    hint = f"see: {environment.command('logs')}"
    failure = failure_of(steered.verdict, steered.exit_code, f"{name} failed", hint)
    if failure is not None:
        settings.output.fail(failure)
    return steered.exit_code
