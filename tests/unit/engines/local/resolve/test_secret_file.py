"""The file of Secrets: private, kept as people wrote it, errors with file and line."""

import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from flaskship.engines.local.resolve import load_secrets, save_secrets
from flaskship.engines.local.resolve.secret_file import HEAD, merged, secrets_in
from flaskship.model.errors import ConfigurationError

names = st.from_regex(r"[a-z]([-a-z0-9]{0,5}[a-z0-9])?", fullmatch=True)
keys = st.from_regex(r"[A-Za-z][-._a-zA-Z0-9]{0,6}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
stores = st.dictionaries(names, st.dictionaries(keys, texts, min_size=1, max_size=3), max_size=3)

BY_HAND = """\
# by hand
app-secrets:   # ours
  # the key of the till
  api-key: plain text   # a comment
  single: 'it''s # no comment'
  double: "a\\n\\"b\\""  # a comment
  hash: a#b
  "quoted": 5000
  empty: ""

other: {}
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "secrets.dev.yaml"


def written(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_no_file_is_no_secrets(path):
    assert load_secrets(path) == {}


def test_what_people_write(path):
    assert load_secrets(written(path, BY_HAND)) == {
        "app-secrets": {
            "api-key": "plain text",
            "single": "it's # no comment",
            "double": 'a\n"b"',
            "hash": "a#b",
            "quoted": "5000",
            "empty": "",
        },
        "other": {},
    }


def test_a_yaml_library_reads_the_same(path):
    written(path, BY_HAND)
    library = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    ours = load_secrets(path)
    assert {name: {k: str(v) for k, v in held.items()} for name, held in library.items()} == ours


def test_a_new_file_is_private_and_says_what_it_is(path):
    save_secrets(path, {"a": {"k": "v"}})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text() == HEAD + 'a:\n  k: "v"\n'


def test_an_open_file_is_closed_to_others(path):
    written(path, "").chmod(0o644)
    load_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_comments_and_lines_of_others_stay(path):
    written(path, BY_HAND)
    held = load_secrets(path)
    held["app-secrets"] |= {"api-key": "changed", "new": "1"}
    held["other"] |= {"x": "2"}
    held["third"] = {"y": "3"}
    save_secrets(path, held)
    expected = BY_HAND.replace("api-key: plain text   # a comment", 'api-key: "changed"')
    expected = expected.replace('  empty: ""\n', '  empty: ""\n  new: "1"\n')
    expected = expected.replace("other: {}", 'other:\n  x: "2"') + 'third:\n  y: "3"\n'
    assert path.read_text() == expected


def test_writing_the_same_touches_nothing(path):
    save_secrets(path, {"a": {"k": "v"}})
    before = path.stat()
    save_secrets(path, {"a": {"k": "v"}})
    assert path.stat() == before


def test_nothing_makes_no_file(path):
    save_secrets(path, {})
    assert not path.exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch):
    save_secrets(path, {"a": {"k": "v"}})

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_secrets(path, {"a": {"k": "w"}})
    assert load_secrets(path) == {"a": {"k": "v"}}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a:\n  k: 1\n  k: 2\n", 3, "k is there twice"),
        ("a:\n  k: 1\na:\n  j: 1\n", 3, "a is there twice"),
        ("a:\n\tk: 1\n", 2, "a tab"),
        ("  k: 1\n", 1, "not understood"),
        ("a:\n  k: 1\n   j: 1\n", 3, "indented unlike"),
        ("a: 1\n", 1, "not understood"),
        ("a:\n  k:\n", 2, "the value is missing"),
        ("a:\n  k: # none\n", 2, "the value is missing"),
        ("a:\n  k: |\n    hunter2\n", 2, "not understood"),
        ('a:\n  k: "hunter2\n', 2, "not understood"),
        ("a:\n  k: 'hunter2\n", 2, "not understood"),
        ('a:\n  k: "hunter2\\x"\n', 2, "bad escape"),
        ('a:\n  k: "\\ud800"\n', 2, "bad escape"),
        ("a:\n  k: [hunter2]\n", 2, "not understood"),
        ("a:\n  k: hunter2: x\n", 2, "not understood"),
        ("a:\n  k k: hunter2\n", 2, "not understood"),
        ("a:\n  ..data: hunter2\n", 2, "not understood"),
        ("hunter2\n", 1, "not understood"),
        ("A_B:\n  k: 1\n", 1, "not understood"),
    ],
)
def test_what_is_not_understood_is_named_by_file_and_line_without_its_value(path, text, line, words):
    with pytest.raises(ConfigurationError) as caught:
        load_secrets(written(path, text))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_text(path):
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load_secrets(path)


def test_a_folder_in_its_place(path):
    path.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_secrets(path)


def test_windows_line_ends(path):
    path.parent.mkdir()
    path.write_bytes(b"a:\r\n  k: 1\r\n")
    assert load_secrets(path) == {"a": {"k": "1"}}


@settings(max_examples=40, deadline=None)
@given(stores)
def test_what_is_written_is_read_by_us_and_by_a_yaml_library(store):
    text = merged("", store, Path("f"))
    assert secrets_in(text, Path("f")) == store
    if store:
        assert YAML(typ="safe").load(text) == store


@settings(max_examples=40, deadline=None)
@given(stores, stores)
def test_merging_keeps_the_old_and_brings_the_new(old, new):
    text = merged(merged("", old, Path("f")), new, Path("f"))
    expected = {name: {**old.get(name, {}), **new.get(name, {})} for name in {**old, **new}}
    assert secrets_in(text, Path("f")) == expected


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with suppress(ConfigurationError):
        assert isinstance(merged(text, {}, Path("f")), str)
