"""A name that is almost another's, and the names that only look so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.chart.project import load_project
from flaskship.chart.spelling import nearest, slips
from flaskship.chart.values import layer_values
from flaskship.model.errors import ConfigurationError

Write = Callable[[str, str], Path]


def read(folder: Path, *files: Path, sets: tuple[str, ...] = ()) -> set[str]:
    project = load_project(folder)
    return set(layer_values(project, project.environment("dev"), files, sets).applications)


def refusal(folder: Path, *files: Path, sets: tuple[str, ...] = ()) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, *files, sets=sets)
    return caught.value


def applications(*names: str) -> str:
    return "applications:\n" + "".join(f"  {name}: {{}}\n" for name in names)


@pytest.fixture
def environments(write: Write) -> Write:
    """Both environments have API and Worker."""
    write("chart/values-dev.yaml", applications("shop-api", "shop-worker"))
    write("chart/values-prod.yaml", applications("shop-api", "shop-worker"))
    return write


def test_a_misspelt_application_of_an_environment_is_refused_at_its_line(
    folder: Path, environments: Write
) -> None:
    environments("chart/values-dev.yaml", applications("shop-api", "shop-wroker"))
    error = refusal(folder)
    assert "applications.shop-wroker" in error.message
    assert "did you mean shop-worker?" in error.message
    assert error.location is not None
    assert (Path(error.location.file).name, error.location.line) == ("values-dev.yaml", 3)
    assert error.hint is not None
    assert "name it in values.yaml" in error.hint
    assert error.exit_code == 2


def test_a_misspelt_override_of_what_values_yaml_names_is_no_second_application(
    folder: Path, write: Write
) -> None:
    write("chart/values.yaml", applications("shop-api", "shop-worker"))
    write("chart/values-dev.yaml", applications("shop-wroker"))
    write("chart/values-prod.yaml", applications())
    assert "did you mean shop-worker?" in refusal(folder).message


@pytest.mark.parametrize("name", ["shop-wrker", "shop-wworker", "shop-workre", "shop-worxer", "shpo-wokrer"])
def test_set_of_a_misspelt_application_is_refused(folder: Path, environments: Write, name: str) -> None:
    error = refusal(folder, sets=(f"applications.{name}.replicas=2",))
    assert "did you mean shop-worker?" in error.message
    assert error.location is not None
    assert error.location.file == f"--set applications.{name}.replicas=2"


def test_an_extra_file_with_a_misspelt_application_is_refused(folder: Path, environments: Write) -> None:
    extra = environments("extra.yaml", applications("shop-workr"))
    error = refusal(folder, extra)
    assert error.location is not None
    assert (error.location.file, error.location.line) == (str(extra), 2)


def test_deleting_a_misspelt_application_deletes_nothing_and_is_refused(
    folder: Path, environments: Write
) -> None:
    assert "did you mean" in refusal(folder, sets=("applications.shop-wroker=null",)).message


def test_named_in_values_yaml_too_a_near_name_is_meant(folder: Path, environments: Write) -> None:
    environments("chart/values-dev.yaml", applications("shop-api", "shop-walker"))
    assert "did you mean shop-worker" in refusal(folder).message
    environments("chart/values.yaml", "applications:\n  shop-walker: {enabled: false}\n")
    assert read(folder) == {"shop-api", "shop-walker"}


@pytest.mark.parametrize(
    "names",
    [
        ("shop-api", "shop-apis", "shop-worker"),
        ("api-v1", "api-v2"),
        ("shop-worker2",),
        ("api", "app"),
        ("shop-brand-new",),
    ],
)
def test_names_that_are_meant_pass(folder: Path, environments: Write, names: tuple[str, ...]) -> None:
    environments("chart/values-dev.yaml", applications(*names))
    assert read(folder) == set(names)


def test_a_new_application_by_set_alone_is_complete(folder: Path, environments: Write) -> None:
    assert "shop-reports" in read(folder, sets=("applications.shop-reports.enabled=true",))


def test_a_name_that_differs_in_its_number_only_is_another_application(
    folder: Path, environments: Write
) -> None:
    environments("chart/values-prod.yaml", applications("api-v1"))
    environments("chart/values-dev.yaml", applications("api-v2"))
    assert read(folder) == {"api-v2"}


def test_a_broken_file_of_another_environment_is_not_this_ones_trouble(
    folder: Path, environments: Write
) -> None:
    environments("chart/values-prod.yaml", "applications: [\n")
    assert read(folder) == {"shop-api", "shop-worker"}


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("", "", 0),
        ("", "ab", 2),
        ("worker", "wroker", 1),
        ("worker", "worker", 0),
        ("abc", "cab", 2),
        ("ab", "xy", 2),
    ],
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert slips(one, other) == slips(other, one) == count


def test_short_words_bear_fewer_slips() -> None:
    assert nearest("api", ["app"]) is None
    assert nearest("dev", ["prod"]) is None
    assert nearest("dveel", ["devel"]) == "devel"
