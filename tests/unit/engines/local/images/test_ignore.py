from pathlib import Path

import pytest

from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.engines.local.images.ignore import ignore_rules, parse_dockerignore


@pytest.mark.parametrize(
    ("pattern", "ignored", "kept"),
    [
        ("a", ["a", "a/b", "a/b/c"], ["b/a", "ab"]),
        ("/a", ["a", "a/b"], ["b/a"]),
        ("a/", ["a", "a/b"], ["b/a"]),
        ("./a", ["a"], ["b/a"]),
        ("a/../b", ["b"], ["a"]),
        ("*.log", ["x.log", ".log"], ["d/x.log", "x.log2"]),
        ("**/*.log", ["x.log", "d/x.log", "d/e/x.log"], ["x.txt"]),
        ("*/temp*", ["d/temp", "d/temporary/x"], ["temp", "d/e/temp"]),
        ("*/*/temp*", ["d/e/temp"], ["d/temp"]),
        ("temp?", ["temp1"], ["temp", "temp12", "temp/"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b"]),
        ("**", ["a", "a/b"], []),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "b"]),
        ("[ab].txt", ["a.txt", "b.txt"], ["c.txt"]),
        ("[^ab].txt", ["c.txt"], ["a.txt"]),
        ("[a-c]1", ["b1"], ["d1"]),
        (r"a\*", ["a*"], ["ab"]),
        ("a.b", ["a.b"], ["axb"]),
        ("  spaced  ", ["spaced"], []),
        ("ünï", ["ünï/x"], []),
    ],
)
def test_one_pattern(pattern: str, ignored: list[str], kept: list[str]) -> None:
    rules = parse_dockerignore(pattern)
    assert [path for path in ignored if not rules.ignores(path)] == []
    assert [path for path in kept if rules.ignores(path)] == []


def test_the_last_match_decides() -> None:
    rules = parse_dockerignore("*.md\n!README*.md\nREADME-secret.md\n")
    assert [rules.ignores(name) for name in ("a.md", "README.md", "README-secret.md")] == [True, False, True]


def test_an_exception_that_is_overruled_later_has_no_effect() -> None:
    assert parse_dockerignore("!README.md\n*.md\n").ignores("README.md")


def test_a_file_comes_back_from_an_ignored_folder() -> None:
    rules = parse_dockerignore("docs\n!docs/keep/this.txt\n")
    assert rules.may_reinclude
    assert rules.ignores("docs/other.txt")
    assert not rules.ignores("docs/keep/this.txt")


def test_comments_blank_lines_and_the_lone_dot_say_nothing() -> None:
    rules = parse_dockerignore("\ufeff# a\n\n.\n!\n   \n")
    assert rules.groups == ()


def test_a_malformed_pattern_is_named(tmp_path: Path) -> None:
    with pytest.raises(DockerfileInvalidError) as caught:
        parse_dockerignore("ok\n[open\n", tmp_path / ".dockerignore")
    assert caught.value.location is not None
    assert caught.value.location.line == 2


def test_what_tools_leave_beside_the_source_is_never_part_of_it(tmp_path: Path) -> None:
    rules = ignore_rules(tmp_path, tmp_path / "Dockerfile")
    for path in (
        ".git/HEAD",
        "a/__pycache__/x.cpython-311.pyc",
        ".flaskship/images/x",
        "sub/.venv/bin/python",
    ):
        assert rules.ignores(path), path
    assert not rules.ignores("app.py")


def test_our_own_folder_cannot_be_brought_back(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("!.git\n!.flaskship\n")
    rules = ignore_rules(tmp_path, tmp_path / "Dockerfile")
    assert not rules.ignores(".git/HEAD")
    assert rules.ignores(".flaskship/x")


def test_the_dockerfiles_own_ignore_file_takes_the_place_of_the_general_one(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("b\n")
    rules = ignore_rules(tmp_path, tmp_path / "Dockerfile")
    assert (rules.ignores("a"), rules.ignores("b")) == (False, True)
