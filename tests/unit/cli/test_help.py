"""--help: complete, and light."""

import subprocess
import sys
from importlib import import_module

import click
import pytest

from flaskship.cli.commands import COMMANDS

HEAVY = ("helm_python", "pydantic", "jsonschema", "rich", "ruamel", "asyncio", "psutil", "uvloop")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_explains_itself(name: str) -> None:
    command = import_module(f"flaskship.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help
    given = {option for parameter in command.params for option in parameter.opts}
    assert {"--project", "--output", "-o", "--quiet"} <= given
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts} does not explain itself"


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom flaskship.cli.main import run\nassert run(['--help']) == 0\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stderr.strip() == "[]"
    for name in COMMANDS:
        assert f"  {name} " in said.stdout


def test_the_module_is_the_command() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "flaskship", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stdout.startswith("flaskship ")
