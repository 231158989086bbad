"""The registry is complete and documented, and its page is what is committed."""

import pkgutil
import re
from pathlib import Path

import pytest

from flaskship.verification import causes
from flaskship.verification.causes import REPLICA_RULES, WORKLOAD_RULES
from flaskship.verification.reference import main, page

ROOT = Path(__file__).resolve().parents[3]
RULES = (*REPLICA_RULES, *WORKLOAD_RULES)


def test_the_committed_page_is_the_generated_one():
    committed = (ROOT / "docs" / "reference" / "causes.md").read_text(encoding="utf-8")
    assert committed == page(), "run: python -m flaskship.verification.reference docs/reference/causes.md"


def test_every_rule_in_the_folder_is_registered_once():
    modules = sorted(module.name for module in pkgutil.iter_modules(causes.__path__))
    assert sorted(rule.__name__.rpartition(".")[2] for rule in RULES) == modules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.CODE)
def test_a_rule_is_named_as_its_code_and_documented(rule):
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", rule.CODE).lower()
    assert rule.__name__.rpartition(".")[2] == snake
    headline, _, body = (rule.__doc__ or "").strip().partition("\n\n")
    assert headline.endswith(".")
    assert body


def test_the_page_goes_to_standard_output_or_to_a_file(tmp_path, capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == page()
    assert main([str(tmp_path / "causes.md")]) == 0
    assert (tmp_path / "causes.md").read_text(encoding="utf-8") == page()


def test_two_files_are_one_too_many(capsys):
    assert main(["a", "b"]) == 2
    assert "usage" in capsys.readouterr().err
