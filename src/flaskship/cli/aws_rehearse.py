"""flaskship aws rehearse."""

import signal
from dataclasses import asdict
from types import FrameType

import click

from flaskship.cli import options
from flaskship.cli.output import Failure
from flaskship.cli.settings import global_options


@click.command("rehearse")
@click.argument("stacks", metavar="[STACK ...]", nargs=-1)
@click.option(
    "--env", "environment", default="prod", show_default=True, metavar="ENV", help="Whose sizes to take."
)
@global_options
def command(stacks: tuple[str, ...], environment: str) -> int:
    """Apply the STACKs (and what they stand on; all without a name) against an AWS API on this machine.

    Then plan again, check facts through the API, change something behind Terraform's back, see that a plan
    finds it, and destroy. No account, no credentials, nothing beyond loopback, nothing left behind.
    """
    from flaskship.aws.rehearsal.report import lines

    settings = options.current()
    world, project = options.load(settings)
    # A polite end is an interrupt: children are reaped and the folder removed. SIGINT, too, because a shell
    # without job control ignores it for what it runs in the background.
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        outcome = world.rehearse(project, stacks, environment, settings.output)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    settings.output.answer({**asdict(outcome), "good": outcome.good}, lines(outcome))
    if outcome.good:
        return 0
    hint = "what failed is marked with NO above"
    settings.output.fail(
        Failure("RehearsalFailed", "the infrastructure did not stand its rehearsal", 1, hint=hint)
    )
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once: a second one in the middle of ending would leave behind what the first one was ending.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
