"""flaskship aws: the AWS infrastructure."""

from importlib import import_module

import click

from flaskship.cli.settings import global_options

COMMANDS: dict[str, str] = {
    "rehearse": "Apply, check and destroy the AWS infrastructure on this machine, without an account.",
    "draw": "Draw the network, the infrastructure and the delivery from the code that makes them.",
    "cost": "Estimate what the AWS infrastructure costs in a month, or ask AWS what it was.",
}


class AwsCommands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"flaskship.cli.aws_{cmd_name}").command
        return found


@click.group("aws", cls=AwsCommands)
@global_options
def command() -> None:
    """The AWS infrastructure below infra/terraform/aws."""
