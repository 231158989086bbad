"""The literal list of commands; one is imported only when it is called."""

from importlib import import_module

import click

COMMANDS: dict[str, str] = {
    "up": "Build what is needed, run ENV on this machine, wait until it is healthy.",
    "down": "Stop ENV, or everything with --all; data stays unless purged.",
    "deploy": "Bring ENV to what its files say, and back if that fails.",
    "status": "Show what runs and how it is.",
    "logs": "Show what the replicas of ENV wrote.",
    "events": "Show what happened in ENV.",
    "verify": "Judge ENV as it is now and ask its addresses.",
    "history": "Show the revisions of ENV.",
    "rollback": "Go back to an older revision of ENV.",
    "promote": "Bring what FROM has proven to TO: its digests, and nothing else.",
    "pause": "Hold the rollout of an application where it is.",
    "resume": "Go on with a paused rollout.",
    "abort": "Give a rollout up and put back what served before.",
    "restart": "Replace the replicas of ENV or of one application, without a gap.",
    "scale": "Run N replicas of an application until the next deploy.",
    "render": "Print the manifests of ENV.",
    "diff": "Show what a deploy of ENV would change.",
    "check": "Judge what ENV renders by the rules, and say which value to change.",
    "explain": "Show which values layers set PATH in ENV.",
    "rightsize": "Compare what replicas use with what they ask for.",
    "build": "Make the project's images: for this machine, a cluster's nodes or a registry.",
    "aws": "Rehearse the AWS infrastructure, draw it, or tell what it costs.",
    "doctor": "Check what this machine needs, and say what to do.",
}


class LazyCommands(click.Group):
    """A group that knows its commands' names and lines, and imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"flaskship.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from flaskship.tasks.nearest import did_you_mean

            raise click.UsageError(f"there is no command {name!r}: {did_you_mean(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)
