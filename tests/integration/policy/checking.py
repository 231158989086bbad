"""flaskship check on this repository's own project, and what it found."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flaskship.cli.main import run
from flaskship.cli.output import Output

ROOT = Path(__file__).resolve().parents[3]
API = "applications.my-tomorrows-api"


@dataclass(frozen=True)
class Checked:
    code: int
    document: dict[str, Any]

    @property
    def open(self) -> list[dict[str, Any]]:
        return [one for one in self.document["findings"] if one["accepted"] is None]

    def of(self, rule: str) -> list[dict[str, Any]]:
        return [one for one in self.open if one["rule"] == rule]


def flaskship(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    project = () if "--project" in words else ("--project", str(ROOT))
    code = run([*words, *project], output=Output(out, err))
    return code, out.getvalue(), err.getvalue()


def check(*words: str) -> Checked:
    code, out, _ = flaskship("check", *words, "-o", "json")
    return Checked(code, json.loads(out))
