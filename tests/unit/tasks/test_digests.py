"""Digests on a cluster: wanted by the values, refused before anything is touched."""

import asyncio
from dataclasses import replace

import pytest
from tests.contract.fake import FakeState
from tests.contract.world import API, DIGEST, IMAGE, WORKER, Stage, Told

from flaskship.model.errors import PreflightError
from flaskship.model.location import Location
from flaskship.tasks.deploy import deploy
from flaskship.tasks.image_override import image_sets
from flaskship.tasks.prepare import Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.world import Setting


def on_cluster(*, required: tuple[str, ...]) -> Stage:
    stage = Stage()
    stage.cluster = FakeState(stage.clock)
    world = stage.world()

    def origins(_: object, path: str) -> tuple[Setting, ...]:
        wanted = any(path == f"applications.{name}.image.requireDigest" for name in required)
        return (Setting("values-prod.yaml", path, Location("values-prod.yaml", 7), True),) if wanted else ()

    stage.world = lambda: replace(world, origins=origins)  # type: ignore[method-assign]
    return stage


def deployed(stage: Stage, engine: str = "kubernetes") -> Moved:
    environment = stage.environment("staging")
    opened = stage.world().open_engine(stage.project, environment, engine)
    return asyncio.run(deploy(stage.world(), stage.project, environment, opened, Wish(), Told()))


def test_a_tag_is_refused_where_a_digest_is_required_and_nothing_was_locked() -> None:
    stage = on_cluster(required=(API, WORKER))
    with pytest.raises(PreflightError, match=f"{API} has {IMAGE} by its tag") as refused:
        deployed(stage)
    assert refused.value.exit_code == 4
    assert f"--image {API}=cloudandparth/my-demo-app@sha256:" in str(refused.value.hint)
    assert "flaskship promote dev staging" in str(refused.value.hint)
    assert stage.cluster is not None
    assert stage.cluster.holders == {}
    assert not stage.cluster.of("staging").revisions


def test_only_the_application_that_requires_it_is_refused() -> None:
    with pytest.raises(PreflightError, match=WORKER):
        deployed(on_cluster(required=(WORKER,)))
    assert deployed(on_cluster(required=())).successful


def test_this_machine_has_digests_of_its_own() -> None:
    stage = on_cluster(required=(API, WORKER))
    assert deployed(stage, "local").successful
    assert stage.built


def test_nothing_is_built_for_a_cluster() -> None:
    stage = on_cluster(required=())
    deployed(stage)
    assert stage.built == []


def test_an_image_by_digest_becomes_its_values() -> None:
    prefix = f"applications.{API}.image"
    assert image_sets(f"{API}=r.example.com:5000/team/app@{DIGEST}") == (
        f"{prefix}.repository=r.example.com:5000/team/app",
        f"{prefix}.digest={DIGEST}",
    )
    assert f"{prefix}.tag=1.1" in image_sets(f"{API}=team/app:1.1@{DIGEST}")
