"""What a supervisor that cannot begin says reaches the one who started it as the error that it is."""

import os
from pathlib import Path

import pytest

from flaskship.engines.local import daemon
from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.supervisor import __main__ as program
from flaskship.model.errors import FlaskshipError, NoSpaceError, PreflightError, StateDamagedError


def told(error: FlaskshipError, paths: LocalPaths) -> FlaskshipError:
    reader, writer = os.pipe()
    assert program._refuse(error, writer) == error.exit_code
    with os.fdopen(reader) as pipe:
        return daemon._refusal(pipe.read(), paths)


@pytest.mark.parametrize("kind", [StateDamagedError, NoSpaceError, PreflightError, FlaskshipError])
def test_the_kind_of_a_refusal_arrives(kind: type[FlaskshipError], tmp_path: Path) -> None:
    heard = told(kind("first line\nsecond line", hint="do this"), LocalPaths(tmp_path))
    assert type(heard) is kind
    assert (heard.message, heard.hint) == ("first line\nsecond line", "do this")


@pytest.mark.parametrize("answer", ["", '{"kind": "StateDam'])
def test_one_that_died_before_it_said_all_of_it_is_told_with_its_log(answer: str, tmp_path: Path) -> None:
    paths = LocalPaths(tmp_path)
    heard = daemon._refusal(answer, paths)
    assert heard.message == "the supervisor ended as it started"
    assert str(paths.log("supervisor")) in str(heard.hint)
