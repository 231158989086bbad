"""flaskship doctor."""

import click

from flaskship.cli import options, screens
from flaskship.cli.output import Failure
from flaskship.cli.running import tell
from flaskship.cli.settings import global_options
from flaskship.tasks import doctor as story
from flaskship.tasks.machine import Health


@click.command("doctor")
@click.argument("env", metavar="[ENV]", required=False)
@global_options
def command(env: str | None) -> int:
    """Check what this machine needs for ENV, or for every environment, and say what to do."""
    settings = options.current()
    world, project = options.load(settings)
    environments = project.environments if env is None else (options.choose(project, env),)
    checks = tell(story.doctor(world, project, environments))
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
