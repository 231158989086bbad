from pathlib import Path

import pytest

from flaskship.chart.yamlfile import read_yaml
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
    path.write_text("base: &base\n  x: 1\nown:\n  <<: *base\n  y: 2\n")
    lines = read_yaml(path).lines
    assert lines["own", "x"] == 2
    assert lines["own", "y"] == 5


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
