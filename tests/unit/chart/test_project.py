from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.chart.project import load_project
from flaskship.model.errors import ConfigurationError

Write = Callable[[str, str], Path]


def refused(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_project(path)
    return caught.value


def edited(write: Write, folder: Path, old: str, new: str) -> ConfigurationError:
    text = (folder / "flaskship.yaml").read_text()
    assert old in text
    write("flaskship.yaml", text.replace(old, new))
    return refused(folder)


def test_a_project_is_read_whole(folder: Path) -> None:
    project = load_project(folder)
    assert (project.name, project.root, project.chart) == ("shop", folder, folder / "chart")
    assert [(image.repository, image.context) for image in project.images] == [("team/shop", folder / "app")]
    dev, prod = project.environments
    assert (dev.engine, dev.writer, dev.context, dev.promotes_from) == ("local", "cli", None, None)
    assert (prod.engine, prod.writer, prod.context, prod.promotes_from) == (
        "kubernetes",
        "argocd",
        None,
        "dev",
    )


def test_the_nearest_folder_above_counts(folder: Path) -> None:
    deep = folder / "app" / "deep"
    deep.mkdir()
    assert load_project(deep).root == folder


def test_the_file_itself_may_be_named(folder: Path) -> None:
    assert load_project(folder / "flaskship.yaml").root == folder


def test_a_folder_without_a_project_says_how_to_get_one(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert "no flaskship.yaml" in error.message
    assert "--project" in str(error.hint)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("engine: local", "engin: local", 7, "environments.dev.engin: unknown key; did you mean engine?"),
        ("name: shop", "nmae: shop", 2, "did you mean name?"),
        ("engine: local", "engine: lokal", 7, "did you mean local?"),
        ("release: dev-shop", "release: 5", 7, "environments.dev.release: 5 is a number, not text"),
        ("flaskship.dev/v1", "flaskship.dev/v2", 1, "must be flaskship.dev/v1"),
        ("chart: chart", "chart: charts", 3, "charts has no Chart.yaml"),
        ("context: app", "context: missing", 5, "the context of team/shop is no folder"),
        ("promotes_from: dev", "promotes_from: staging", 8, "there is no environment staging"),
        ("promotes_from: dev", "promotes_from: dve", 8, "no environment dve; did you mean dev?"),
        ("engine: local}", "engine: local, promotes_from: prod}", 7, "goes in a circle"),
        ("name: shop", "name: Shop!", 2, "does not look like"),
        ("  dev:", "  prod:", 8, "environments.prod stands twice"),
        ("name: shop", "name: [shop", 3, "not valid YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    folder: Path, write: Write, old: str, new: str, line: int, words: str
) -> None:
    error = edited(write, folder, old, new)
    assert words in str(error)
    assert error.location is not None
    assert (error.location.file, error.location.line) == (str(folder / "flaskship.yaml"), line)


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "5\n"])
def test_a_file_that_is_no_map_is_refused(folder: Path, write: Write, text: str) -> None:
    write("flaskship.yaml", text)
    assert "not a map" in refused(folder).message


def test_a_missing_key_is_named(folder: Path, write: Write) -> None:
    error = edited(write, folder, "chart: chart\n", "")
    assert error.message == "chart: is required and missing"
