"""Printing: safe for terminals, quiet about closed pipes, a document only where it was asked for."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Terminal

from flaskship.cli import clean
from flaskship.cli.output import Failure, Output
from flaskship.cli.settings import wants_json
from flaskship.model.location import Location
from flaskship.model.release import LogLine


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "closed")

    def fileno(self) -> int:
        raise OSError


def test_a_closed_pipe_is_quiet_and_remembered() -> None:
    err = io.StringIO()
    output = Output(Closed(), err)
    output.text("one")
    output.text("two")
    output.finish()
    assert output.closed
    assert err.getvalue() == ""


def test_logs_stop_when_nobody_reads_them(stage, terminal: Terminal) -> None:
    from flaskship.cli.main import run

    terminal("up", "dev", "--detach")
    assert run(("logs", "dev", "-f"), stage.world, Output(Closed(), io.StringIO())) == 0


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
        ("bell\x07back\x08", "bell\ufffdback\ufffd"),
        ("a\ttab stays, ü too", "a\ttab stays, ü too"),
        ("c1 \x9b31m", "c1 \ufffd31m"),
    ],
)
def test_what_a_replica_writes_cannot_steer_the_terminal(written: str, shown: str) -> None:
    assert clean.printable(written) == shown
    out = io.StringIO()
    Output(out, io.StringIO()).log(LogLine("web", "web-1", written))
    assert out.getvalue() == f"web-1 | {shown}\n"


def test_colours_only_where_they_are_wanted(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    assert "\x1b[" not in terminal("status", "dev").out
    assert "\x1b[32mHealthy\x1b[0m" in terminal("status", "dev", colour=True).out


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_a_process_without_a_terminal_has_no_colours(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    output = Output.of_process()
    assert not output._colour
    assert not output._live_wanted


def test_no_color_is_honoured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Output.of_process()._colour
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Output.of_process()._colour
    assert Output.of_process()._live_wanted


def test_progress_without_a_terminal_only_appends(terminal: Terminal) -> None:
    printed = terminal("up", "dev", "--detach")
    assert "\x1b" not in printed.err
    assert "\r" not in printed.err
    lines = printed.err.splitlines()
    assert len(lines) == len(set(lines)), "a line is told once"


def test_progress_on_a_terminal_is_a_table_that_vanishes(terminal: Terminal) -> None:
    printed = terminal("up", "dev", "--detach", live=True)
    assert printed.code == 0
    assert "READY" in printed.err
    assert "my-tomorrows-api" in printed.err
    assert printed.out.count("my-tomorrows-api") == 1


def test_json_keeps_progress_on_stderr_and_draws_no_table(terminal: Terminal) -> None:
    printed = terminal("up", "dev", "--detach", "-o", "json", live=True)
    assert "Progressing, 0/1 ready" in printed.err
    assert printed.document["phase"] == "Healthy"


def test_an_error_has_its_evidence_its_place_and_its_hint() -> None:
    out, err = io.StringIO(), io.StringIO()
    output = Output(out, err)
    output.configure("json", quiet=True)
    output.kind = "deploy"
    output.fail(
        Failure("X", "it broke", 2, Location("values.yaml", 3), "mend it", ("pip: \x1b[31mno\x1b[0m",))
    )
    output.finish()
    assert err.getvalue() == "error: values.yaml:3: it broke\n  | pip: no\n  mend it\n"
    error = json.loads(out.getvalue())["error"]
    assert error["location"] == {"file": "values.yaml", "line": 3}
    assert error["exit_code"] == 2


def test_of_several_things_that_are_refused_each_has_its_place() -> None:
    out, err = io.StringIO(), io.StringIO()
    output = Output(out, err)
    output.configure("json", quiet=True)
    output.kind = "deploy"
    one = Failure("X", "a is refused", 4, Location("values.yaml", 3), "mend a")
    other = Failure("X", "b is refused", 4)
    message = "dev cannot be deployed: \n  - a is refused\n  - b is refused"
    output.fail(Failure("X", message, 4, one.location, "mend a", parts=(one, other)))
    output.finish()
    text = "error: dev cannot be deployed:\n  - values.yaml:3: a is refused\n  - b is refused\n  mend a\n"
    assert err.getvalue() == text
    error = json.loads(out.getvalue())["error"]
    assert error["message"] == message
    assert error["findings"] == [
        {"message": "a is refused", "location": {"file": "values.yaml", "line": 3}, "hint": "mend a"},
        {"message": "b is refused", "location": None, "hint": None},
    ]


def test_text_that_the_terminal_cannot_show_is_escaped() -> None:
    script = (
        "from flaskship.cli.output import Output\n"
        "output = Output.of_process()\n"
        "output.text('gr\\u00fcn \\u2192')\n"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env=environment, check=True, timeout=30
    )
    assert said.stdout == b"gr\\xfcn \\u2192\n"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("status -o json", True),
        ("status --output json", True),
        ("-ojson status", True),
        ("status --output=json", True),
        ("status -o=json", True),
        ("status -o text", False),
        ("status -o json -o text", False),
        ("status -- -o json", False),
        ("status -o", False),
        ("status json", False),
    ],
)
def test_a_wish_for_json_is_seen_in_any_line(line: str, wanted: bool) -> None:
    assert wants_json(line.split()) is wanted


def test_a_place_is_shown_as_somebody_in_the_folder_would_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert clean.near(Location(tmp_path / "a/b.yaml", 4)) == "a/b.yaml:4"
    assert clean.near(Location("/elsewhere/b.yaml")) == "/elsewhere/b.yaml"
    assert clean.near(Location("--set x=1")) == "--set x=1"


def test_long_evidence_is_for_the_json_and_the_message_stands_for_it_in_text() -> None:
    failure = Failure("PromotionRefused", "58 things differ", 3, evidence=("one", "two"), long=True)
    out, err = io.StringIO(), io.StringIO()
    output = Output(out, err)
    output.configure("json", False)
    output.fail(failure)
    output.finish()
    assert json.loads(out.getvalue())["error"]["evidence"] == ["one", "two"]
    assert err.getvalue() == "error: 58 things differ\n"


def test_each_replica_has_a_colour_of_its_own_and_its_containers_have_it_too() -> None:
    out = io.StringIO()
    output = Output(out, io.StringIO(), colour=True)
    for replica, text in (("api-1", "failed"), ("api-2", "b"), ("api-1/migrate", "c"), ("api-2", "d")):
        output.log(LogLine("api", replica, text, 0.0))
    lines = out.getvalue().splitlines()
    heads = [line.partition(" |\x1b[0m ")[0] for line in lines]
    colours = [head.partition("m")[0] for head in heads]
    assert lines[0] == f"{colours[0]}mapi-1 |\x1b[0m failed", "what it wrote is not painted"
    assert colours[0] == colours[2] != colours[1] == colours[3]
    assert "\x1b[31" not in colours


def test_logs_without_colours_are_plain() -> None:
    out = io.StringIO()
    Output(out, io.StringIO()).log(LogLine("api", "api-1", "said | this", 0.0))
    assert out.getvalue() == "api-1 | said | this\n"
