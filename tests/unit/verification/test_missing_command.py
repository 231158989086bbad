"""The lines that shells and other starters really wrote of a command that is not there, and near misses."""

import pytest

from flaskship.verification.missing_command import missing_command

WRITTEN = {
    "sh: 1: nope: not found": "nope",
    "sh: 1: ./nope: not found": "./nope",
    "sh: 1: exec: nope: not found": "nope",
    "/srv/app/run.sh: 12: nope: not found": "nope",
    "/bin/sh: nope: not found": "nope",
    "bash: nope: command not found": "nope",
    "bash: line 1: nope: command not found": "nope",
    "/srv/app/run.sh: line 1: nope: command not found": "nope",
    "bash: ./nope: No such file or directory": "./nope",
    "bash: line 1: /opt/nope: No such file or directory": "/opt/nope",
    "zsh:1: command not found: nope": "nope",
    "env: ‘nope’: No such file or directory": "nope",
    "/usr/bin/env: 'python4': No such file or directory": "python4",
    "xargs: nope: No such file or directory": "nope",
    "timeout: failed to run command ‘nope’: No such file or directory": "nope",
    "nohup: failed to run command 'nope': No such file or directory": "nope",
    "nice: ‘nope’: No such file or directory": "nope",
    "stdbuf: failed to run command ‘nope’: No such file or directory": "nope",
    "setsid: failed to execute nope: No such file or directory": "nope",
    "'nope' was not found on PATH (/srv/bin:/usr/bin)": "nope",
    "/srv/app/nope was not found": "/srv/app/nope",
}
ABOUT_SOMETHING_ELSE = (
    "",
    "starting",
    "the user was not found",
    "GET /nope: 404 not found here",
    "[Errno 2] No such file or directory: 'settings.yaml'",
    "sh: 1: Syntax error: end of file unexpected",
)


@pytest.mark.parametrize(("line", "name"), WRITTEN.items())
def test_the_command_is_named(line, name):
    assert missing_command(("starting", line, "bye")) == name


@pytest.mark.parametrize("line", ABOUT_SOMETHING_ELSE)
def test_other_lines_name_none(line):
    assert missing_command((line,)) is None


def test_the_newest_counts():
    assert missing_command(("sh: 1: first: not found", "sh: 2: second: not found")) == "second"
