"""Every template has a suite of its own that tries it on, off, overridden, and with bad values."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "infra" / "helmchart" / "templates"
SUITES = Path(__file__).with_name("templates")
KINDS = {"on", "off", "override", "bad"}
# What only judges or names has nothing to switch off or to override.
FEWER = {"_verify.tpl": {"on", "off"}, "_helpers.tpl": {"on", "override", "bad"}}


def templates() -> list[str]:
    return sorted(path.name for path in TEMPLATES.rglob("*") if path.is_file())


def suite_of(template: str) -> Path:
    return SUITES / f"test_{Path(template).stem.lower().lstrip('_')}.py"


def kinds_of(module: ModuleType) -> set[str]:
    """The kinds that the tests of a suite are marked with."""
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    return {mark.name for test in tests for mark in getattr(test, "pytestmark", [])} & KINDS


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"suite_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("template", templates())
def test_a_template_has_a_suite_with_each_kind(template: str) -> None:
    suite = suite_of(template)
    assert suite.exists(), f"{template} has no suite: write {suite.relative_to(ROOT)}"
    missing = FEWER.get(template, KINDS) - kinds_of(loaded(suite))
    assert not missing, f"{suite.relative_to(ROOT)} has no test marked {', '.join(sorted(missing))}"


def test_a_suite_is_of_a_template_that_is_there() -> None:
    assert {path.name for path in SUITES.glob("test_*.py")} == {suite_of(one).name for one in templates()}


def test_a_suite_without_a_kind_is_seen(tmp_path: Path) -> None:
    poor = tmp_path / "test_poor.py"
    poor.write_text("import pytest\n@pytest.mark.on\ndef test_a(): ...\ndef test_off(): ...\n")
    assert kinds_of(loaded(poor)) == {"on"}
