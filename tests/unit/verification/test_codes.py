"""Every code that any path can print is documented: read from the source, so that none can be forgotten."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import flaskship
from flaskship.model.errors import FlaskshipError
from flaskship.verification.causes import REPLICA_RULES, WORKLOAD_RULES
from flaskship.verification.codes import OF_A_RELEASE, REFUSALS

SOURCE = Path(flaskship.__file__).parent
RULES = {rule.CODE for rule in (*REPLICA_RULES, *WORKLOAD_RULES)}
CAUSES = RULES | set(OF_A_RELEASE)
MAKERS = {"Problem": CAUSES, "Cause": CAUSES, "Failure": set(REFUSALS) | CAUSES}
HANDED_ON = {
    # What these hand on was made elsewhere, with a code that is looked at there.
    "problem.code",
    "first.code",
    "error.code",
    "one.code",
    "code",
    "code or known",
}
SPELT = {"f'{kind}Missing'": ("ConfigMapMissing", "SecretMissing")}
OF_AN_INSTALLER = "images/install.py"
"""Its Failure is how a program ended, and no user sees it."""


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(flaskship.__path__, "flaskship."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def made() -> Iterator[tuple[str, str, str]]:
    """Each place that makes a problem, a cause or a failure: where, what, and the code or its expression."""
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or OF_AN_INSTALLER in file.as_posix():
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in MAKERS:
                given = [one.value for one in node.keywords if one.arg == "code"] or node.args[:1]
                yield f"{file.relative_to(SOURCE)}:{node.lineno}", name, *codes(file, given)


def codes(file: Path, given: list[ast.expr]) -> tuple[str]:
    (code,) = given
    if isinstance(code, ast.Constant):
        return (str(code.value),)
    if isinstance(code, ast.Name) and code.id.isupper():
        inside = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        return (str(getattr(importlib.import_module(f"flaskship.{inside}"), code.id)),)
    return (ast.unparse(code),)


PLACES = list(made())


def test_places_are_found_at_all():
    assert len(PLACES) > 60


@pytest.mark.parametrize(("where", "maker", "code"), PLACES, ids=lambda text: text)
def test_a_code_that_is_printed_is_documented(where, maker, code):
    if code in HANDED_ON:
        return
    for one in SPELT.get(code, (code,)):
        assert one in MAKERS[maker], f"{where} makes {one}, which docs/reference/causes.md lacks"


def errors() -> list[type[FlaskshipError]]:
    list(modules())

    def below(kind: type[FlaskshipError]) -> Iterator[type[FlaskshipError]]:
        yield kind
        for one in kind.__subclasses__():
            yield from below(one)

    return sorted({one for one in below(FlaskshipError) if one.__module__.startswith("flaskship.")}, key=str)


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_the_code_of_every_error_is_documented_with_its_exit_code(kind):
    assert kind.code in REFUSALS
    assert REFUSALS[kind.code][0] == kind.exit_code


def test_nothing_is_documented_that_nobody_prints():
    printed = {one for _, _, code in PLACES for one in SPELT.get(code, (code,))}
    known = printed | {kind.code for kind in errors()} | RULES
    assert set(OF_A_RELEASE) - known == set()
    assert set(REFUSALS) - known == set()
