from decimal import Decimal
from pathlib import Path

import pytest

from flaskship.aws.literals import read_defaults, read_settings
from flaskship.model.errors import ConfigurationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "prod.tfvars"


def test_every_kind_of_literal(file: Path) -> None:
    file.write_text(
        "# A comment\n"
        'environment = "prod" // another\n'
        "nat_per_zone            = true\n"
        "share=-0.5\n"
        "nothing = null\n"
        "/* over\n lines */\n"
        'names = ["a", "b\\"c",]\n'
        'size = { desired = 3, "min" = 2, nested = { x : [1, 2] } }\n'
        "empty = {}\n"
        "none = []\n"
    )
    assert read_settings(file) == {
        "environment": "prod",
        "nat_per_zone": True,
        "share": Decimal("-0.5"),
        "nothing": None,
        "names": ["a", 'b"c'],
        "size": {"desired": 3, "min": 2, "nested": {"x": [1, 2]}},
        "empty": {},
        "none": [],
    }


def test_objects_over_lines_need_no_commas(file: Path) -> None:
    file.write_text('database = {\n  instance_class = "db.t4g.micro"\n  multi_az       = false\n}\n')
    assert read_settings(file) == {"database": {"instance_class": "db.t4g.micro", "multi_az": False}}


def test_defaults_are_those_of_the_variables_alone(file: Path) -> None:
    file.write_text(
        'variable "zones" {\n  type    = list(string)\n  default = ["a", "b"]\n\n'
        '  validation {\n    condition     = length(var.zones) >= 2\n    error_message = "zones"\n  }\n}\n\n'
        'variable "environment" {\n  type = string\n}\n\n'
        'variable "nat_per_zone" {\n  type    = bool\n  default = false\n}\n'
    )
    assert read_defaults(file) == {"zones": ["a", "b"], "nat_per_zone": False}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a = 1\nb = var.c\n", 2, "var is not a literal"),
        ('a = "${b}"\n', 1, '"${b}" is a template, not a literal'),
        ("a = [1\n", 2, "the file ends where a value should stand"),
        ("a =", 1, "the file ends where a value should stand"),
        ("a 1\n", 1, "1 stands where a mark should"),
        ("= 1\n", 1, "= stands where a name should"),
        ("a = 1\n\n%\n", 3, "'%' stands where a literal should"),
        ("a = {b [1]}\n", 1, "[ stands where = should"),
        ("a", 1, "the file ends where a literal should stand"),
    ],
)
def test_what_is_no_literal_is_refused_with_its_line(file: Path, text: str, line: int, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(file)
    assert caught.value.message == message
    assert str(caught.value.location) == f"{file}:{line}"
