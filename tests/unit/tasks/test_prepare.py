"""From the project's files to a release: names, images, values."""

import subprocess
from pathlib import Path

import pytest
from tests.contract.documents import deployment, service
from tests.contract.world import IMAGE, REPOSITORY, Stage, Told

from flaskship.model.errors import ConfigurationError
from flaskship.tasks.build import build
from flaskship.tasks.causes import workload_of
from flaskship.tasks.health import health_path
from flaskship.tasks.image_override import image_sets
from flaskship.tasks.nearest import did_you_mean, nearest
from flaskship.tasks.prepare import image_references, repository_of
from flaskship.tasks.provenance import commit_of, provenance_of


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("app", "app"),
        ("app:1.0", "app"),
        ("team/app:1.0", "team/app"),
        ("registry:5000/app", "registry:5000/app"),
        ("registry:5000/team/app:1.0@sha256:abc", "registry:5000/team/app"),
        ("app@sha256:abc", "app"),
    ],
)
def test_a_repository_is_a_reference_without_tag_and_digest(reference: str, repository: str) -> None:
    assert repository_of(reference) == repository


def test_images_are_found_in_every_kind_of_workload() -> None:
    pod = {"initContainers": [{"image": "migrate:1"}], "containers": [{"image": "main:1"}, {"name": "none"}]}
    documents = (
        {"kind": "Pod", "spec": {"containers": [{"image": "pod:1"}]}},
        {"kind": "Deployment", "spec": {"template": {"spec": pod}}},
        {
            "kind": "CronJob",
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": "cron:1"}]}}}}},
        },
        {"kind": "ConfigMap", "data": {"image": "no:1"}},
        {"kind": "Odd", "spec": None},
    )
    assert sorted(image_references(documents)) == ["cron:1", "main:1", "migrate:1", "pod:1"]


@pytest.mark.parametrize(
    ("given", "sets"),
    [
        ("web=team/app:2", ("repository=team/app", "tag=2")),
        ("web=app@sha256:a", ("repository=app", "digest=sha256:a")),
        ("web=r:5000/app:2@sha256:a", ("repository=r:5000/app", "tag=2", "digest=sha256:a")),
    ],
)
def test_an_image_of_one_application_is_a_value(given: str, sets: tuple[str, ...]) -> None:
    assert image_sets(given) == tuple(f"applications.web.image.{one}" for one in sets)


def test_a_dot_in_an_applications_name_is_escaped() -> None:
    assert image_sets("web.v2=app:1")[0] == "applications.web\\.v2.image.repository=app"


@pytest.mark.parametrize("given", ["", "web", "web=", "=app:1", "web=app"])
def test_an_image_that_is_not_said_well_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="--image"):
        image_sets(given)


@pytest.mark.parametrize(
    ("name", "known", "guess"),
    [
        ("dve", ("dev", "staging"), "dev"),
        ("DEV", ("dev", "staging"), "dev"),
        ("worker", ("my-tomorrows-api", "my-tomorrows-worker"), "my-tomorrows-worker"),
        ("tomorrows", ("my-tomorrows-api", "my-tomorrows-worker"), "my-tomorrows-api"),
        ("zzz", ("dev", "staging"), None),
        ("dev", (), None),
    ],
)
def test_the_nearest_name(name: str, known: tuple[str, ...], guess: str | None) -> None:
    assert nearest(name, known) == guess


def test_a_hint_names_the_nearest_or_all_there_are() -> None:
    assert did_you_mean("dve", ["staging", "dev"]) == "did you mean 'dev'? Known: dev, staging"
    assert did_you_mean("zzz", ["staging", "dev"]) == "known: dev, staging"
    assert did_you_mean("zzz", []) == "there is none"


def test_the_health_of_a_workload_is_asked_where_its_probe_asks() -> None:
    documents = (service("web"), deployment("web", IMAGE, ready_path="/well"))
    assert health_path(documents, "web") == "/well"
    assert health_path(documents, "other") == "/"


def test_a_workload_is_found_by_name_or_label() -> None:
    named = deployment("web", IMAGE)
    labelled = {**named, "metadata": {"name": "release-web", "labels": {"app.kubernetes.io/name": "web"}}}
    assert workload_of((service("web"), named), "web") is named
    assert workload_of((labelled,), "web") is labelled
    assert workload_of((service("web"),), "web") is None


async def test_all_images_are_built_or_the_one_that_is_named() -> None:
    stage = Stage()
    for asked in (None, REPOSITORY, IMAGE):
        (image,) = await build(stage.world(), stage.project, asked, Told())
        assert image.repository == REPOSITORY
    with pytest.raises(ConfigurationError) as refused:
        await build(stage.world(), stage.project, "cloudandparth/my-demo-ap", Told())
    assert refused.value.hint is not None
    assert REPOSITORY in refused.value.hint


def test_a_folder_without_a_commit_has_none(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    assert commit_of(tmp_path / "missing") is None


def test_the_commit_and_the_user_are_recorded(tmp_path: Path) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "-C", tmp_path, "init", "-q"], check=True)
    empty = ["commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(["git", "-C", tmp_path, *identity, *empty], check=True)
    provenance = provenance_of(tmp_path, "why")
    assert provenance.commit is not None
    assert len(provenance.commit) == 40
    assert provenance.actor
    assert provenance.reason == "why"


def test_a_machine_without_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) is None
