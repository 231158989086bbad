import shutil
from pathlib import Path

import pytest

from flaskship.aws.cost.sizes import PLACE, TABLE, read_sizes
from flaskship.model.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / PLACE, tmp_path / PLACE, ignore=shutil.ignore_patterns(".terraform*"))
    (tmp_path / TABLE).write_text("environments:\n  prod: {b: {}, a: {}}\n  staging:\n")
    return tmp_path


@pytest.mark.parametrize(("environment", "names"), [("prod", ["a", "b"]), ("staging", []), ("dev", [])])
def test_secrets_are_those_of_the_table(root: Path, environment: str, names: list[str]) -> None:
    assert read_sizes(root, environment)["app"]["secrets"] == names


@pytest.mark.parametrize("text", ["environments: [a]", "a: b", "environments: {", "- a", "7"])
def test_a_table_that_is_none_is_named(root: Path, text: str) -> None:
    (root / TABLE).write_text(text)
    with pytest.raises(ConfigurationError, match="the table of secrets"):
        read_sizes(root, "prod")


def test_a_missing_table_is_named(root: Path) -> None:
    (root / TABLE).unlink()
    with pytest.raises(ConfigurationError, match="no table of secrets"):
        read_sizes(root, "prod")
