"""A push to a real registry by a real builder."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.containers.conftest import Registry

from flaskship.containers.record import read_pushed
from flaskship.containers.ship import Dock, ImageShipmentError, ship
from flaskship.containers.shipment import SOURCE_LABEL, Builder, Pushing, Shipment
from flaskship.engines.local.images.context import source_digest


def shipment(context: Path, repository: str, builder: Builder) -> Shipment:
    to = Pushing(repository, stamped=True)
    return Shipment(context.parent, "team/app", context, ("1.0",), to, builder)


def test_the_digest_is_the_registrys_and_the_label_the_sources(
    registry: Registry, dock: Dock, context: Path, builder: Builder, heard: list[str]
) -> None:
    shipped = asyncio.run(ship(shipment(context, f"{registry.address}/team/app", builder), dock))
    (pushed,) = shipped.pushed
    source = source_digest(context)
    told, _ = registry.manifest("team/app", pushed.tag)
    assert (pushed.digest, pushed.source) == (told, source)
    assert pushed.tag == f"1.0-{source[:12]}"
    assert registry.labels("team/app", pushed.digest)[SOURCE_LABEL] == source
    assert read_pushed(context.parent) == (pushed,)
    assert any("pushing" in line for line in heard)


def test_an_unchanged_source_is_the_same_image_again(
    registry: Registry, dock: Dock, context: Path, builder: Builder
) -> None:
    one = shipment(context, f"{registry.address}/team/app", builder)
    first = asyncio.run(ship(one, dock)).pushed
    again = asyncio.run(ship(one, dock)).pushed
    assert [image.digest for image in again] == [image.digest for image in first]
    (context / "app.py").write_text("print('changed')\n")
    changed = asyncio.run(ship(one, dock)).pushed
    assert changed[0].digest != first[0].digest
    assert changed[0].tag != first[0].tag
    assert len(read_pushed(context.parent)) == 2


def test_a_registry_that_does_not_answer_is_named_and_nothing_is_recorded(
    dock: Dock, context: Path, builder: Builder
) -> None:
    with pytest.raises(ImageShipmentError) as refused:
        asyncio.run(ship(shipment(context, "127.0.0.1:1/team/app", builder), dock))
    assert "127.0.0.1:1/team/app" in str(refused.value)
    assert "does not answer" in str(refused.value.hint)
    assert read_pushed(context.parent) == ()


def test_a_dockerfile_that_does_not_build_is_not_pushed(
    registry: Registry, dock: Dock, context: Path, builder: Builder
) -> None:
    (context / "Dockerfile").write_text("FROM scratch\nCOPY absent.py /\n")
    with pytest.raises(ImageShipmentError, match=r"absent\.py"):
        asyncio.run(ship(shipment(context, f"{registry.address}/team/app", builder), dock))
    assert read_pushed(context.parent) == ()


def test_the_builder_is_found_where_none_is_named(
    registry: Registry, dock: Dock, context: Path, builder: Builder
) -> None:
    one = replace(shipment(context, f"{registry.address}/team/app", builder), builder=None)
    assert asyncio.run(ship(one, dock)).builder in ("docker", "podman", "buildah")
