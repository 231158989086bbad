"""Which containers are built, under which tags, and where they go."""

import asyncio
from dataclasses import replace

import pytest
from tests.contract.world import DIGEST, REPOSITORY, Stage, Told

from flaskship.containers.shipment import Loading, Pushing, Shipment
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import ImageSource
from flaskship.tasks.build import Order, ship


def ordered(stage: Stage, order: Order, image: str | None = None, told: Told | None = None) -> Shipment:
    asyncio.run(ship(stage.world(), stage.project, image, order, told or Told()))
    return stage.shipments[-1]


def test_the_tags_are_those_by_which_the_environments_name_the_image() -> None:
    one = ordered(Stage(), Order(load=Loading("kind-dev")))
    assert (one.repository, one.tags) == (REPOSITORY, ("1.0",))
    assert one.destination == Loading("kind-dev")


def test_a_push_is_stamped_unless_the_tag_is_named() -> None:
    stage = Stage()
    assert ordered(stage, Order(push=True)).destination == Pushing(REPOSITORY, stamped=True)
    named = ordered(stage, Order(push=True, to="r.example.com/app"), f"{REPOSITORY}:2.0")
    assert (named.destination, named.tags) == (Pushing("r.example.com/app"), ("2.0",))
    assert [one.digest for one in stage.pushed] == [DIGEST, DIGEST]


def test_one_repository_is_not_for_several_images() -> None:
    stage = Stage()
    more = (*stage.project.images, ImageSource("team/other", stage.project.root))
    stage.project = replace(stage.project, images=more)
    with pytest.raises(ConfigurationError, match="several images"):
        ordered(stage, Order(push=True, to="r.example.com/app"))
    assert stage.shipments == []


def test_credentials_in_to_are_refused_before_anything_is_built() -> None:
    stage = Stage()
    with pytest.raises(ConfigurationError) as refused:
        ordered(stage, Order(push=True, to="ada:hunter2@r.example.com/app"))
    assert "hunter2" not in str(refused.value)
    assert stage.shipments == []


def test_an_environment_that_does_not_render_keeps_nobody_from_shipping() -> None:
    stage, told = Stage(), Told()
    render = stage._render

    def half(project, environment, *rest):  # type: ignore[no-untyped-def]
        if environment.name == "staging":
            raise ConfigurationError("broken")
        return render(project, environment, *rest)

    stage._render = half  # type: ignore[method-assign]
    assert ordered(stage, Order(load=Loading("kind-dev")), told=told).tags == ("1.0",)
    assert "staging does not render" in told.warnings[0]


def test_without_any_tag_it_is_latest() -> None:
    stage = Stage()
    stage.applications = {}
    assert ordered(stage, Order(load=Loading("kind-dev"))).tags == ("latest",)
