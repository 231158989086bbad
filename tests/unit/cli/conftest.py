"""A terminal that remembers: command lines in, what was printed out."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.contract.world import Stage

from flaskship.cli.main import run
from flaskship.cli.output import Output

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/reference/output.schema.json").read_text())


@dataclass(frozen=True)
class Printed:
    """What one command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document, which agrees with the published schema and with the exit code."""
        document: dict[str, Any] = json.loads(self.out)
        Draft202012Validator(SCHEMA).validate(document)
        assert (document.get("error") or {"exit_code": 0})["exit_code"] == self.code
        return document


Terminal = Callable[..., Printed]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    (tmp_path / "flaskship.yaml").write_text("name: my-app\n")
    monkeypatch.chdir(tmp_path)
    return Stage(tmp_path)


@pytest.fixture
def terminal(stage: Stage) -> Terminal:
    def type_in(*words: str, colour: bool = False, live: bool = False) -> Printed:
        out, err = io.StringIO(), io.StringIO()
        code = run(words, stage.world, Output(out, err, colour=colour, live=live))
        return Printed(code, out.getvalue(), err.getvalue())

    return type_in
