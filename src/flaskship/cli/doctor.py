"""flaskship doctor."""

from dataclasses import replace

import click

from flaskship.cli import options, screens
from flaskship.cli.output import Failure
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.model.project import Environment, Project
from flaskship.tasks import doctor as story
from flaskship.tasks.machine import Health


@click.command("doctor")
@click.argument("env", metavar="[ENV]", required=False)
@options.engine_options
@global_options
def command(env: str | None, engine: str | None, context: str | None) -> int:
    """Check what this machine needs for ENV, or for every environment, and say what to do."""
    settings = options.current()
    world, project = options.load(settings)
    environments = project.environments if env is None else (_named(project, env, engine, context),)
    checks = tell(story.doctor(world, project, environments, meant=env is not None))
    settings.output.answer(
        {
            "checks": [
                {"name": one.name, "result": str(one.result), "message": one.message, "advice": one.advice}
                for one in checks
            ]
        },
        screens.doctor_screen(checks),
    )
    code = story.exit_code(checks)
    if code:
        missing = [one for one in checks if one.result is Health.FAILED]
        names = ", ".join(one.name for one in missing)
        settings.output.fail(Failure("PreflightFailed", f"not ready: {names}", code, hint=missing[0].advice))
    return code


def _named(project: Project, env: str, engine: str | None, context: str | None) -> Environment:
    environment = options.choose(project, env, engine, context)
    if engine is None:
        return environment
    return replace(environment, engine="kubernetes" if engine == "kubernetes" else "local")
