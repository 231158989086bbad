"""What a release changed in an application, the likeliest to end a process first."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.contract.world import WORKER, Stage, Told

from flaskship.model.location import Location
from flaskship.model.release import Document, Provenance, Release
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.blame import changed_fields
from flaskship.tasks.causes import explaining
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Draft, Wish
from flaskship.tasks.result import Moved
from flaskship.tasks.world import Rendered


def deployment(**fields: Any) -> dict[str, Any]:
    container = {
        "name": "shop-api",
        "image": "team/shop:1",
        "env": [{"name": "PORT", "value": "5000"}],
        "envFrom": [{"configMapRef": {"name": "shop-api-1"}}],
        "readinessProbe": {"periodSeconds": 1},
        **fields,
    }
    return {
        "kind": "Deployment",
        "metadata": {"name": "shop-api"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


def settings(**data: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "shop-api"}
    return {"kind": "ConfigMap", "metadata": {"name": "shop-api-x", "labels": labels}, "data": data}


def changed(old: list[Document], new: list[Document]) -> tuple[str, ...]:
    return changed_fields("shop-api", old, new, new[0], old[0])


BEFORE = [deployment(), settings(APP_ENVIRONMENT="dev", LEASE="30", LOG_LEVEL="INFO")]


@pytest.mark.parametrize(
    ("after", "fields"),
    [
        (BEFORE, ()),
        ([deployment(command=["/bin/false"]), BEFORE[1]], ("command",)),
        ([deployment(args=["x"]), BEFORE[1]], ("args",)),
        ([deployment(image="team/shop:2"), BEFORE[1]], ("image.tag",)),
        (
            [deployment(image="registry:5000/shop:1@sha256:a"), BEFORE[1]],
            ("image.repository", "image.digest"),
        ),
        ([deployment(readinessProbe=None), BEFORE[1]], ("readinessProbe",)),
        ([deployment(env=[{"name": "A.B", "value": "x"}]), BEFORE[1]], (r"env.A\.B", "env.PORT")),
        ([deployment(), settings(APP_ENVIRONMENT="x", LEASE="99", LOG_LEVEL="INFO")], ("config.LEASE",)),
        ([deployment(), settings(APP_ENVIRONMENT="dev", LEASE="30", LOG_LEVEL="DEBUG")], ("logLevel",)),
        ([deployment(envFrom=[{"configMapRef": {"name": "shop-api-2"}}]), BEFORE[1]], ()),
        ([deployment(envFrom=[{"secretRef": {"name": "more"}}]), BEFORE[1]], ("envFrom",)),
    ],
)
def test_what_changed_is_named_as_its_values_are(after: list[Document], fields: tuple[str, ...]) -> None:
    assert changed(BEFORE, after) == fields


def test_settings_of_another_application_are_its_own_affair() -> None:
    other = copy.deepcopy(BEFORE[1])
    other["metadata"]["labels"]["app.kubernetes.io/name"] = "shop-worker"
    other["data"] = {"LEASE": "1"}
    assert changed(BEFORE, [*BEFORE, other]) == ()


WHERE = {"env.LEASE": Location("--set LEASE=99"), "command": Location("values.yaml", 25)}


def told(
    new: list[Document],
    healthy: list[Document] | None,
    field: str = "command",
    code: str = "ExitedNonZero",
    said: str = "exit 1",
    where: Mapping[str, Location] = WHERE,
) -> Location | None:
    stage = Stage()
    world = replace(stage.world(), locate=lambda layered, document, field: where.get(field))
    rendered = Rendered("", tuple(new), None, "sha256:chart")
    plan = Draft(stage.project, stage.environment(), {}, rendered, (), 2)
    old = Release("dev", "dev-apps", "n", tuple(healthy), Provenance("ada", "", None)) if healthy else None
    cause = Cause(code, said, "shop-api", "shop-api-1", (), field)
    return explaining(world, plan, old)(Verdict(Outcome.FAILED, (cause,))).causes[0].values


LEASED = [deployment(env=[{"name": "PORT", "value": "5000"}, {"name": "LEASE", "value": "99"}]), BEFORE[1]]


def test_a_process_that_ended_is_blamed_on_what_the_release_changed() -> None:
    assert told(LEASED, BEFORE) == WHERE["env.LEASE"]


@pytest.mark.parametrize("healthy", [None, LEASED, [BEFORE[1]], [deployment(image="team/shop:0"), BEFORE[1]]])
def test_without_a_change_that_stands_somewhere_the_present_choice_is_told(
    healthy: list[Document] | None,
) -> None:
    assert told(LEASED if healthy == LEASED else BEFORE, healthy) == WHERE["command"]


def test_what_is_no_process_that_ended_is_told_by_its_own_field() -> None:
    assert told(LEASED, BEFORE, "progressDeadlineSeconds") is None


class Everywhere(dict[str, Location]):
    """Each field stands at a place of its own name."""

    def get(self, field: str, default: object = None) -> Location:  # type: ignore[override]
        return Location(field)


def blamed(new: list[Document], healthy: list[Document] | None, said: str, field: str, code: str) -> str:
    found = told(new, healthy, field, code, said, Everywhere())
    assert found is not None
    return str(found.file)


LEASED_AND_NEW = [deployment(image="team/shop:2", env=[{"name": "LEASE", "value": "99"}]), BEFORE[1]]
LOUD = [deployment(), settings(APP_ENVIRONMENT="dev", LEASE="30", LOG_LEVEL="LOUD")]
PYTHON = "PythonError"


@pytest.mark.parametrize(
    ("new", "healthy", "said", "blame"),
    [
        (LEASED, BEFORE, "ValueError: no", "env.LEASE"),
        (LEASED_AND_NEW, BEFORE, "ValueError: no", "image.tag"),
        (LEASED_AND_NEW, BEFORE, "ValueError: LEASE is too long", "env.LEASE"),
        (LEASED_AND_NEW, BEFORE, "KeyError: 'PORT'", "env.PORT"),
        (LOUD, BEFORE, "ValueError: LOG_LEVEL: LOUD", "logLevel"),
        (LOUD, LOUD, "ValueError: LOG_LEVEL: LOUD", "logLevel"),
        (BEFORE, None, "ValueError: LEASE=30", "config.LEASE"),
        (BEFORE, None, "ValueError: LEASED", "image"),
        (BEFORE, BEFORE, "ValueError: no", "image"),
    ],
)
def test_an_exception_is_blamed_on_a_change_it_speaks_of_then_on_the_image_that_brought_it(
    new: list[Document], healthy: list[Document] | None, said: str, blame: str
) -> None:
    assert blamed(new, healthy, said, "image", PYTHON) == blame


def test_an_image_that_cannot_be_pulled_is_no_matter_of_what_else_changed() -> None:
    assert blamed(LEASED, BEFORE, "not found", "image", "ImagePullFailed") == "image"


def scaled(kind: str = "Deployment") -> list[Document]:
    target = {"scaleTargetRef": {"kind": kind, "name": "shop-api"}}
    return [*BEFORE, {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "hpa"}, "spec": target}]


def test_too_many_pods_are_the_autoscalers_where_there_is_one() -> None:
    assert blamed(BEFORE, None, "", "replicas", "QuotaExceeded") == "replicas"
    assert blamed(scaled("Rollout"), None, "", "replicas", "QuotaExceeded") == "replicas"
    assert blamed(scaled(), None, "", "replicas", "QuotaExceeded") == "autoscaling.minReplicas"


def test_a_containers_field_is_found_where_the_values_have_that_container() -> None:
    with_more = copy.deepcopy(BEFORE)
    pod = with_more[0]["spec"]["template"]["spec"]
    pod["initContainers"] = [{"name": "migrate"}, {"name": "seed"}, {"name": "proxy"}]

    def of(name: str) -> str:
        field = f"containers[{name}].securityContext.runAsNonRoot"
        return blamed(with_more, None, "", field, "PodSecurityViolated")

    assert of("shop-api") == "securityContext.runAsNonRoot"
    assert of("migrate") == "securityContext.runAsNonRoot"
    assert of("proxy") == "initContainers[1].securityContext.runAsNonRoot"


async def test_a_deploy_compares_with_the_last_healthy_revision() -> None:
    stage, asked = Stage(), []

    def locate(layered: object, document: Document, field: str) -> Location | None:
        asked.append(field)
        return None

    world = replace(stage.world(), locate=locate)

    async def run(*sets: str) -> Moved:
        wish = Wish(sets=sets, rollback=False)
        return await deploy(world, stage.project, stage.environment(), stage.engine(), wish, Told())

    await run()
    await run(f"applications.{WORKER}.command={{/bin/false}}")
    assert asked == ["command", "command"], "the change, then the choice"
