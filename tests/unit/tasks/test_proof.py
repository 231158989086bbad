"""What was changed since it was verified has proven nothing."""

from dataclasses import replace
from typing import Any

import pytest
from tests.contract.world import Stage

from flaskship.model.errors import DeployError
from flaskship.model.snapshot import Phase, WorkloadSnapshot
from flaskship.tasks.promotion.proof import refuse_drifted

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
SOURCE = Stage().environment("dev")
LIVE = WorkloadSnapshot("dev-api", "api", "Deployment", Phase.HEALTHY, f"town/api@{ONE}", 2, 2, 2, 2, "t")


def written(image: str = f"town/api@{ONE}", **spec: Any) -> tuple[dict[str, Any], ...]:
    template = {"spec": {"containers": [{"name": "api", "image": image}, {"name": "side", "image": "x:1"}]}}
    metadata = {"name": "dev-api"}
    return (
        {"kind": "Service", "metadata": metadata},
        {"kind": "Deployment", "metadata": metadata, "spec": {"template": template, **spec}},
    )


@pytest.mark.parametrize("image", ["town/api:2", f"town/api@{TWO}", f"town/api:1@{TWO}", ""])
def test_another_image_than_that_of_the_release_names_both_and_the_command(image: str) -> None:
    with pytest.raises(DeployError) as told:
        refuse_drifted(SOURCE, "kubernetes", written(replicas=2), [replace(LIVE, image=image)])
    assert "dev is not what was verified: Deployment dev-api" in str(told.value)
    assert f"should have image town/api@{ONE}, and has {image or 'none'}" in str(told.value)
    assert SOURCE.command("deploy") in str(told.value.hint)
    assert told.value.exit_code == 1


@pytest.mark.parametrize("engine", ["kubernetes", "local"])
def test_no_replicas_where_the_files_say_some_are_refused(engine: str) -> None:
    with pytest.raises(DeployError, match="should have 2 replicas, and has 0"):
        refuse_drifted(SOURCE, engine, written(replicas=2), [replace(LIVE, desired=0)])


@pytest.mark.parametrize(
    ("spec", "live"),
    [
        ({"replicas": 2}, LIVE),
        ({"replicas": 2}, replace(LIVE, image=f"mirror.test/town/api:1@{ONE}")),
        ({"replicas": 2}, replace(LIVE, desired=3)),
        ({"replicas": 0}, replace(LIVE, desired=0)),
        ({}, replace(LIVE, desired=7)),
        ({}, replace(LIVE, desired=0)),
        ({"replicas": 2, "image": "town/api:1"}, replace(LIVE, image="town/api:1")),
        ({"replicas": 2}, replace(LIVE, name="other", image="town/api:2")),
    ],
    ids=["same", "mirror", "scaled up", "0 in the files", "autoscaled", "autoscaled to 0", "tag", "unknown"],
)
def test_what_is_no_drift_passes(spec: dict[str, Any], live: WorkloadSnapshot) -> None:
    refuse_drifted(SOURCE, "kubernetes", written(**spec), [live])


def test_only_what_is_promoted_is_asked() -> None:
    drifted = [replace(LIVE, image="town/api:2")]
    refuse_drifted(SOURCE, "kubernetes", written(replicas=2), drifted, "web")
    with pytest.raises(DeployError):
        refuse_drifted(SOURCE, "kubernetes", written(replicas=2), drifted, "api")
