"""Every command that the code tells somebody to run: the parser takes it, and it means the same place."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import flaskship
from flaskship.cli.main import cli
from flaskship.cli.options import choose, masked_set
from flaskship.model.named import Named
from flaskship.model.project import Environment, Project

SOURCE = Path(flaskship.__file__).parent
NAMED = Named("kubernetes", "a context", "some where", ("more.yaml",), ("a.b=c d",))
COMMANDS = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}
UNTOLD = ("render", "explain")
"""No hint tells them."""
VERB = re.compile(rf"\bflaskship ({'|'.join(COMMANDS.keys() - {'build'})})\b")
WRITTEN_OUT = {
    "engines/local/supervisor/port_holder.py": "of another project, which it names by --project",
    "aws/diagrams/flows.py": "captions of pictures",
    "policy/reference.py": "a page of the documents",
}
"""Where commands are written by hand, and why that is right."""


def parsed(line: str) -> tuple[str, dict[str, object]]:
    words = shlex.split(line)
    assert words[0] == "flaskship"
    above = cli.make_context("flaskship", words[1:])
    name, command, rest = cli.resolve_command(above, words[1:])
    assert name is not None
    assert command is not None
    return name, command.make_context(name, list(rest), parent=above).params


def told() -> Iterator[tuple[str, str]]:
    """Yield each call of Named.command or of what passes on to it, with the line that it gives."""
    for file in sorted(SOURCE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if ".command(" not in text:
            continue
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                where = f"{file.relative_to(SOURCE)}:{call.lineno}"
                yield from ((where, line) for line in lines_of(call, ast.unparse(call.func.value)))


def lines_of(call: ast.Call, receiver: str) -> Iterator[str]:
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr != "command" or receiver == "click" or not call.args:
        return
    # Of an environment and a place: its own name comes first.
    own = [] if re.search("named|HERE", receiver) else ["dev"]
    verbs = [one for one in ast.walk(call.args[0]) if isinstance(one, ast.Constant) and one.value in COMMANDS]
    for verb in verbs:
        given = [one.value if isinstance(one, ast.Constant) else "1" for one in call.args[1:]]
        yield NAMED.command(str(verb.value), *own, *given)


TOLD = list(told())


def test_the_commands_are_found() -> None:
    assert {"resume", "deploy", "rollback", "logs", "promote", "history", "down", "up"} <= {
        line.split()[1] for _, line in TOLD
    }
    assert len(TOLD) > 25


@pytest.mark.parametrize(("where", "line"), TOLD, ids=[f"{where}-{line.split()[1]}" for where, line in TOLD])
def test_what_is_told_can_be_run_and_means_the_same(where: str, line: str) -> None:
    name, params = parsed(line)
    assert str(params["project"]) == "some where"
    if "engine" in params:
        assert params["engine"] == "kubernetes"
    if "context" in params and name != "build":
        assert params["context"] == "a context"
    if "sets" in params:
        assert params["sets"] == ("a.b=c d",)
        assert [str(one) for one in params["files"]] == ["more.yaml"]


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"aws", "build", *UNTOLD}))
def test_whatever_a_command_takes_is_said_again(name: str) -> None:
    command = COMMANDS[name]
    assert command is not None
    takes = {one.name for one in command.params}
    arguments = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    params = parsed(NAMED.command(name, *("1" for _ in arguments)))[1]
    said = {key for key in ("engine", "context", "files", "sets") if params.get(key)}
    assert said == takes & {"engine", "context", "files", "sets"}


def test_every_command_that_is_refused_for_another_writer_can_take_over() -> None:
    guarded = {
        file.stem
        for file in (SOURCE / "cli").glob("*.py")
        if re.search(r"\b(guard|open_to_write|steer)\(", file.read_text(encoding="utf-8"))
    } & COMMANDS.keys()
    assert {"deploy", "down", "scale", "rollback"} <= guarded
    for name in guarded:
        command = COMMANDS[name]
        assert command is not None
        assert "take_over" in {one.name for one in command.params}, name


def test_no_command_on_an_environment_is_written_by_hand() -> None:
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        name = str(file.relative_to(SOURCE))
        text = file.read_text(encoding="utf-8")
        if name in WRITTEN_OUT or "flaskship" not in text:
            continue
        for one in ast.walk(ast.parse(text)):
            if isinstance(one, ast.JoinedStr):
                parts = [part.value for part in one.values if isinstance(part, ast.Constant)]
                found += [f"{name}:{one.lineno}" for part in parts if VERB.search(str(part))]
    assert found == []


def test_what_is_a_secret_is_not_said_again(tmp_path: Path) -> None:
    assert masked_set("secrets.generated.database.key=hunter2") == "secrets.generated.database.key=***"
    assert masked_set("applications.api.env.API_TOKEN=hunter2") == "applications.api.env.API_TOKEN=***"
    assert masked_set("a.url=postgres://me:hunter2@host/x") == "a.url=postgres://***@host/x"
    assert masked_set("image.tag=1.0") == "image.tag=1.0"
    dev = Environment("dev", "dev-apps", "shop", "kubernetes", "kind", None, "cli")
    project = Project(tmp_path, "p", tmp_path, (), (dev,))
    chosen = choose(project, "dev", files=[Path("a.yaml")], sets=["b.password=hunter2"])
    assert chosen.command("deploy") == "flaskship deploy dev -f a.yaml --set 'b.password=***'"
