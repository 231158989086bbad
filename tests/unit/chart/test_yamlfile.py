import os
import subprocess
from pathlib import Path

import pytest

from flaskship.chart import yamlfile
from flaskship.chart.yamlfile import index_yaml, read_yaml
from flaskship.model.errors import ConfigurationError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
)


def refused(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_yaml(path)
    return caught.value


def test_each_path_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("a:\n  b: 1\n  c: [x,\n      y]\nd:\n  - e: 2\n")
    lines = read_yaml(path).lines
    assert lines["a", "b"] == 2
    assert lines["a", "c", 1] == 4
    assert lines["d", 0, "e"] == 6


def test_an_unknown_path_takes_the_line_of_its_nearest_ancestor(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("\na:\n  b: 1\n")
    source = read_yaml(path)
    assert source.location(("a", "b", "c")).line == 3
    assert source.location(("a", "z")).line == 2
    assert source.location(("z",)).line == 0


def test_merge_keys_and_aliases_keep_the_line_of_the_anchor(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("base: &base\n  x: 1\nown:\n  <<: *base\n  z: 2\n")
    lines = read_yaml(path).lines
    assert lines["own", "x"] == 2
    assert lines["own", "z"] == 5


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a stands twice: here and on line 1"),
        ("a:\n  b: [1\n", 3, "not valid YAML"),
        ("\ta: 1\n", 1, "not valid YAML"),
        ("a: *nowhere\n", 1, "not valid YAML"),
        ("a: 1\n--- \nb: 1\n", 2, "not valid YAML"),
        (BOMB, 1, "aliases expand"),
        ("[" * 300 + "]" * 300, 1, "deeper"),
        ("a: 1\nb: " + "[" * 3000 + "]" * 3000, 2, "deeper"),
        ("a: " + "{a: " * 500 + "1" + "}" * 500, 1, "deeper"),
        ("a: \x01\n", 1, "not valid YAML"),
        ("a:\n  b: .nan\n", 2, "a.b: .nan is no number"),
        ("a: [1,\n  -.Inf]\n", 2, "a.1: -.Inf is no number"),
        ("a:\n  ~: 1\n", 2, "a key below a is null"),
        ("null: 1\n", 1, "a key is null"),
        ("a: 1\n: 2\n", 2, "a key is null"),
        ("a:\n  b: {on: 1}\n", 2, "the key on below a.b is a truth value: write it in quotes"),
        ("yes: 1\n", 1, "the key yes is a truth value"),
        ("y: 1\n", 1, "the key y is a truth value"),
        ("False: 1\n", 1, "truth value"),
        ('16: 1\n"16": 2\n', 2, "16 stands twice: here and on line 1"),
        ("0x10: 1\n020: 2\n", 2, "16 stands twice"),
        ("1.50: 1\n1.5: 2\n", 2, "1.5 stands twice"),
        ("1_0: 1\n10: 2\n", 2, "10 stands twice"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n", 2, "a merge conflict that nobody has resolved"),
        ("a:\n  b: 1\n>>>>>>> theirs\nc: [\n", 3, "a merge conflict"),
        ("a:\n\tb: 1\n", 2, "a tab, where YAML wants spaces"),
        ("a:\n  b:\t1\n", 2, "a tab, where"),
        ("a:\n  b:\u00a02\n  c: 1\n", 2, "it has U+00A0 NO-BREAK SPACE"),
        ("a:\n  b: 1\n  \u200bc\n", 3, "it has U+200B ZERO WIDTH SPACE"),
        ('a: "b\nc: 1\nd: 2\n', 1, "a quote is opened here and never closed"),
        ('a: "\u00a0"\nb: [\n', 3, "not valid YAML: while"),
        ("a: 1\nb\nc: 2\n", 2, "a line that is neither 'key: value' nor '- entry'"),
        ("a: 1\nb: @c\n", 2, "a value cannot begin with @"),
        ("a: 1\nb: %50\n", 2, "a value cannot begin with %"),
        ("a: b: c\n", 1, "a second ': ' in one line"),
        ("a:\n  b: {{ .Values.c }}\n", 2, "a key is a map, not a name"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "v.yaml"
    path.write_text(text)
    error = refused(path)
    assert words in error.message
    assert error.location is not None
    assert error.location.line == line


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.yaml").message == "there is no such file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path).message


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_bytes(b"a: 1\nb: \xff\xfe\n")
    error = refused(path)
    assert error.message == "not UTF-8 text"
    assert error.location is not None
    assert error.location.line == 2


def test_a_file_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    with path.open("wb") as file:
        file.truncate(5 << 20)
    assert "larger than 4 MiB" in refused(path).message


def test_an_empty_file_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("")
    assert read_yaml(path).lines == {}


def test_what_is_quoted_is_a_name_and_no_truth_and_no_number(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("\"on\": '.nan'\n'~': 1\n\"0x10\": 1\n16: 2\nnO: .nano\n")
    assert list(read_yaml(path).lines) == [("on",), ("~",), ("0x10",), ("16",), ("nO",)]


def test_a_device_is_no_file_and_the_null_device_an_empty_one() -> None:
    assert refused(Path("/dev/zero")).message == "is a device, not a file"
    assert read_yaml(Path("/dev/null")).lines == {}


def test_of_a_pipe_no_more_is_read_than_a_file_may_have(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen(["sh", "-c", 'exec cat /dev/zero > "$0"', str(path)]) as writer:
        assert "larger than 4 MiB" in refused(path).message
        writer.wait()


def test_line_ends_of_other_systems_count_as_one(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_bytes(b"a: 1\r\nb: 2\r\n")
    assert read_yaml(path).lines["b",] == 2


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0755", "493"),
        ("012345678901", "12345678901"),
        ("08", "8"),
        ("1_000", "1000"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("0b11", "3"),
        ("1e3", "1000"),
        ("+5", "5"),
        ("-0", "0"),
    ],
)
def test_a_number_that_a_process_would_get_otherwise_is_refused(
    tmp_path: Path, written: str, read: str
) -> None:
    path = tmp_path / "v.yaml"
    path.write_text(f"applications:\n  api:\n    config:\n      A: {written}\n")
    error = refused(path)
    assert f"applications.api.config.A: Helm reads {written} as the number {read}" in error.message
    assert error.location is not None
    assert (error.location.line, error.hint) == (4, f'write it in quotes: "{written}"')


@pytest.mark.parametrize(
    "written", ['"0755"', "755", "0", "-5", "123e4567", "12ab", "1e30", "0.50", "1.0", "2026-11-27", "12:30"]
)
def test_what_a_process_gets_as_written_or_the_schema_refuses_is_read(tmp_path: Path, written: str) -> None:
    path = tmp_path / "v.yaml"
    path.write_text(f"applications:\n  api:\n    config:\n      A: {written}\n")
    assert ("applications", "api", "config", "A") in read_yaml(path).lines


def test_a_number_that_no_process_gets_may_be_written_in_any_way(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("applications:\n  api:\n    replicas: 0x2\n")
    assert ("applications", "api", "replicas") in read_yaml(path).lines


TEXTS = [
    "a:\n  b: 1\n  c: [x,\n      y]\nd:\n  - e: 2\n",
    "a: &x {b: 1}\nc:\n  <<: *x\n  d: 'on'\n",
    "a: |\n  one\n\n  two\nb: >-\n  three\n",
    "0x10: a\n'1_6': b\n'on': c\n",
    "# nothing\n",
    "a: {b: [1, {c: 2}], 'd e': }\n",
]
FAULTS = [
    "a: [1, 2\n",
    "a: b: c\n",
    "- a\n",
    "a:\n\tb: 1\n",
    "a: 1\na: 2\n",
    "on: 1\n",
    "a: @b\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_libyaml_finds_the_lines_that_the_reader_in_python_finds(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = index_yaml(text, Path("v.yaml"))
    assert yamlfile._composed_fast(text) is not None or text.startswith("#")
    monkeypatch.setattr(yamlfile, "_composed_fast", lambda _: None)
    assert index_yaml(text, Path("v.yaml")) == fast


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_wrong_is_told_in_the_same_words_where_there_is_no_libyaml(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[str, int]:
        with pytest.raises(ConfigurationError) as caught:
            index_yaml(text, Path("v.yaml"))
        assert caught.value.location is not None
        return caught.value.message, caught.value.location.line

    fast = told()
    monkeypatch.setattr(yamlfile, "_composed_fast", lambda _: None)
    assert told() == fast


def test_a_text_that_could_be_deeper_than_a_stack_is_kept_from_libyaml() -> None:
    assert yamlfile._composed_fast("a:\n" + "- " * 30 + "b\n") is None
    assert yamlfile._composed_fast("a: 1\n" * (yamlfile.LARGEST_FAST // 4)) is None
