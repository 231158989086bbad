"""What stands below a path, and what one that is not there resembles."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.chart.paths import Surroundings, surroundings
from flaskship.chart.project import load_project
from flaskship.chart.values import LayeredValues, layer_values

Write = Callable[[str, str], Path]


@pytest.fixture
def layered(folder: Path, write: Write) -> Callable[..., LayeredValues]:
    def made(text: str = "") -> LayeredValues:
        project = load_project(folder)
        return layer_values(project, project.environment("dev"), (write("more.yaml", text),))

    return made


def test_a_value_is_its_own_and_only_part(layered) -> None:
    assert surroundings(layered(), "defaults.replicas") == Surroundings(True, ())


def test_an_application_has_what_it_inherits_below_it(layered) -> None:
    found = surroundings(layered(), "applications.shop-api")
    assert found.present
    assert sorted(found.below) == [
        "applications.shop-api.args",
        "applications.shop-api.replicas",
        "applications.shop-api.resources.limits.cpu",
        "applications.shop-api.resources.limits.memory",
        "applications.shop-api.role",
    ]


def test_an_inherited_path_is_there(layered) -> None:
    assert surroundings(layered(), "applications.shop-api.resources.limits.cpu").present


def test_a_place_in_a_list_is_a_path(layered) -> None:
    assert surroundings(layered(), "defaults.args[1]").present
    assert surroundings(layered(), "defaults.args[2]") == Surroundings(False, nearest="defaults.args")


def test_what_a_null_deletes_is_not_there(layered) -> None:
    found = surroundings(layered("applications: {shop-api: {args: null}}\n"), "applications.shop-api.args")
    assert not found.present


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("aplications.shop-api", "applications.shop-api"),
        ("applications.shop-ap.resources.limits.cpu", "applications.shop-api.resources.limits.cpu"),
        ("applications.shop-api.resources.limit.cpu", "applications.shop-api.resources.limits.cpu"),
        ("applications.shop-api.resources.limit.nothing", "applications.shop-api.resources.limits"),
        ("applications.shop-api.resources.xyz", "applications.shop-api.resources"),
        ("defaults.replicas.more", "defaults.replicas"),
        ("xyz", None),
        ("shop-api", "applications.shop-api"),
        ("shop-api.resources.limits.cpu", "applications.shop-api.resources.limits.cpu"),
        ("shop-api.resources.limits.xyz", "applications.shop-api.resources.limits"),
        ("shop-api.xyz.cpu", "applications.shop-api"),
        ("applications.nobody.replicas", "applications"),
    ],
)
def test_a_path_that_is_not_there_names_the_nearest(layered, path: str, nearest: str | None) -> None:
    found = surroundings(layered(), path)
    assert (found.present, found.below, found.nearest) == (False, (), nearest)


def test_a_key_with_dots_that_nobody_escaped_is_found(layered) -> None:
    values = layered("applications: {shop-api: {resources: {limits: {nvidia.com/gpu: 1}}}}\n")
    limits = "applications.shop-api.resources.limits"
    found = surroundings(values, f"{limits}.nvidia.com/gpu")
    assert (found.present, found.nearest) == (False, f"{limits}.nvidia\\.com/gpu")
    assert surroundings(values, str(found.nearest)).present


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("xyz", ("applications", "defaults", "roles")),
        ("defaults.xyz.more", ("replicas", "resources")),
        ("defaults.replicas.more", ()),
        ("defaults.replicas", ()),
    ],
)
def test_where_a_path_ends_to_be_there_what_stands_there_is_known(
    layered, path: str, known: tuple[str, ...]
) -> None:
    found = surroundings(layered(), path)
    assert set(known) <= set(found.known)
    assert bool(known) is bool(found.known)


def test_nothing_is_told_of_what_stands_below_a_secret(layered) -> None:
    text = "secrets: {provider: generated, generated: {api-key: x}}\n"
    assert set(surroundings(layered(text), "secrets").below) == {"secrets.provider", "secrets.generated"}
    assert surroundings(layered(text), "secrets.generated").below == ()
