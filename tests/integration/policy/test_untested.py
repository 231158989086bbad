"""What prod has and staging never exercises, by the real command."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.policy.checking import API, ROOT, check


def test_what_prod_has_and_staging_never_exercises_is_accepted_one_by_one() -> None:
    checked = check("prod", "--untested-against", "staging")
    assert checked.open == []
    assert checked.code == 0
    untested = [one for one in checked.document["findings"] if one["rule"] == "untested"]
    assert "VerticalPodAutoscaler" in {one["object"] for one in untested}
    assert all("*" not in one["object"] for one in untested)
    assert "VerticalPodAutoscaler spec.updatePolicy.updateMode=Off" in {one["object"] for one in untested}


def test_something_new_in_prod_alone_is_found(tmp_path: Path) -> None:
    checked = check("prod", "--untested-against", "staging", "--set", f"{API}.features.quick=true")
    assert checked.code == 3
    assert [one["object"] for one in checked.of("untested")] == ["feature quick of my-tomorrows-api"]


ADMIN, WORKER = "applications.my-tomorrows-admin", "applications.my-tomorrows-worker"
MONITORING = "applications.my-tomorrows-monitoring"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            f"{ADMIN}.vpa.updateMode",
            "Recreate",
            "VerticalPodAutoscaler spec.updatePolicy.updateMode=Recreate",
        ),
        (
            f"{WORKER}.autoscaling.memory.enabled",
            "true",
            "HorizontalPodAutoscaler spec.metrics Resource memory",
        ),
        (
            f"{WORKER}.autoscaling.behavior.scaleDown.selectPolicy",
            "Disabled",
            "HorizontalPodAutoscaler spec.behavior.scaleDown.selectPolicy",
        ),
        (f"{MONITORING}.features.zzz", "true", "feature zzz of my-tomorrows-monitoring"),
        (f"{MONITORING}.env.NEW", "x", "variable NEW of my-tomorrows-monitoring"),
        (f"{MONITORING}.database", "true", "variable DATABASE_URL_FILE of my-tomorrows-monitoring"),
        (
            f"{MONITORING}.webhooks.deliver",
            "true",
            "NetworkPolicy spec.egress.to 0.0.0.0/0 of my-tomorrows-monitoring",
        ),
        ("priorityClasses.classes.low.value", "1000000000", "PriorityClass value=1000000000"),
        ("secrets.provider", "existing", "secrets.provider=existing"),
        ("aws.identity", "podIdentity", "aws.identity=podIdentity"),
        ("aws.createServiceAccount", "false", "aws.createServiceAccount=false"),
    ],
)
def test_an_accepted_whole_hides_nothing_that_is_switched_on_inside_it_later(
    path: str, value: str, told: str
) -> None:
    found = check("prod", "--untested-against", "staging", "--set", f"{path}={value}").of("untested")
    assert [one["object"] for one in found] == [told]
    assert found[0]["values"]["file"] == f"--set {path}={value}"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {f"{API}.autoscaling.memory.enabled": "true"},
            ["HorizontalPodAutoscaler spec.metrics Resource memory"],
        ),
        (
            {f"{API}.aws.access": "true", "networkPolicy.awsCidrs": "{10.0.8.0/24}"},
            [
                "Deployment spec.template.spec.serviceAccountName=my-app-serviceaccount",
                "NetworkPolicy spec.egress.ports 443",
                "NetworkPolicy spec.egress.to 10.0.8.0/24",
            ],
        ),
        (
            {f"{API}.volumes[0].name": "cache", f"{API}.volumes[0].emptyDir.sizeLimit": "1Mi"},
            ["Deployment spec.template.spec.volumes cache"],
        ),
        ({f"{API}.image.tag": "2.0"}, ["image cloudandparth/my-demo-app:2.0 of my-tomorrows-api"]),
        (
            {"defaults.scheduling.spot": "true"},
            [f"Deployment spec.template.spec.{part}" for part in ("affinity", "tolerations")],
        ),
        ({f"{API}.webhooks.deliver": "true"}, ["NetworkPolicy spec.egress.to 0.0.0.0/0 of my-tomorrows-api"]),
        (
            {f"{API}.networkPolicy.egress[0].to[0].ipBlock.cidr": "10.9.0.0/16"},
            ["NetworkPolicy spec.egress.to 10.9.0.0/16"],
        ),
        ({"networkPolicy.ipv6": "true"}, ["NetworkPolicy spec.egress.to ::/0"]),
        ({f"{ADMIN}.autoscaling.enabled": "true"}, ["HorizontalPodAutoscaler of my-tomorrows-admin"]),
        ({f"{WORKER}.webhooks.allow": "{10.1.0.0/16}"}, ["NetworkPolicy spec.egress.to 10.1.0.0/16"]),
        (
            {f"{API}.initContainers[0].name": "warm", f"{API}.initContainers[0].image": "warm:1"},
            ["Deployment spec.template.spec.initContainers warm"],
        ),
        ({f"{WORKER}.ingress.enabled": "true", f"{WORKER}.ingress.subdomain": "work"}, None),
    ],
)
def test_a_feature_that_an_application_has_in_prod_alone_is_told_at_its_value(
    values: dict[str, str], told: list[str] | None
) -> None:
    words = [word for path, value in values.items() for word in ("--set", f"{path}={value}")]
    found = check("prod", "--untested-against", "staging", *words).of("untested")
    assert [one["object"] for one in found] == (told or ["Ingress spec.rules.http.paths my-tomorrows-worker"])
    if told:
        assert all(one["values"]["file"].startswith("--set") for one in found), found


SIGNALS = "  aws:\n    applicationSignals: true\n"


@pytest.mark.parametrize(
    ("lacks", "has", "leads"),
    [
        (
            SIGNALS,
            "",
            {
                "annotation instrumentation.opentelemetry.io/inject-python": "applicationSignals: true",
                "spec.egress.ports 2000": "applicationSignals: true",
                "spec.egress.ports 4316": "applicationSignals: true",
                "spec.egress.to.namespaceSelector of my-tomorrows-worker": "applicationSignals: true",
                "variable OTEL_SERVICE_NAME of my-tomorrows-api": "applicationSignals: true",
            },
        ),
        (
            "  databaseCidrs: [10.0.30.0/24, 10.0.31.0/24]\n",
            "  databaseCidrs: [10.0.0.0/8]\n",
            {
                "spec.egress.to 10.0.30.0/24": "databaseCidrs: [10.0.30.0/24, 10.0.31.0/24]",
                "spec.egress.to 10.0.31.0/24": "databaseCidrs: [10.0.30.0/24, 10.0.31.0/24]",
            },
        ),
    ],
)
def test_what_staging_has_off_leads_to_the_line_of_prod_that_has_it_on(
    copied: Callable[[str, str, str], Path], lacks: str, has: str, leads: dict[str, str]
) -> None:
    project = copied("staging", lacks, has)
    found = check("prod", "--untested-against", "staging", "--project", str(project)).of("untested")
    assert _lines(found).items() >= {name: {line} for name, line in leads.items()}.items()


def test_what_dev_has_not_leads_to_the_line_of_staging_that_brings_it() -> None:
    found = check("staging", "--untested-against", "dev").of("untested")
    assert (
        _lines(found).items()
        >= {
            "spec.egress.to 10.0.30.0/24": {"databaseCidrs: [10.0.30.0/24, 10.0.31.0/24]"},
            "spec.egress.ports 5432": {"databaseCidrs: [10.0.30.0/24, 10.0.31.0/24]"},
            "spec.egress.ports 53": {"enabled: true"},
            "spec.egress.ports 4316": {"applicationSignals: true"},
            "spec.egress.to 0.0.0.0/0": {"enabled: true"},
            "variable OTEL_SERVICE_NAME of my-tomorrows-worker": {"applicationSignals: true"},
        }.items()
    )


def test_of_two_values_of_one_layer_the_one_that_holds_the_address_is_led_to(
    copied: Callable[[str, str, str], Path],
) -> None:
    both = "  databaseCidrs: [10.0.30.0/24, 10.0.31.0/24, 10.0.40.0/24]\n  awsCidrs: [10.0.8.0/24]\n"
    project = copied("prod", "  databaseCidrs: [10.0.30.0/24, 10.0.31.0/24]\n", both)
    found = check("prod", "--untested-against", "staging", "--project", str(project)).of("untested")
    line = "databaseCidrs: [10.0.30.0/24, 10.0.31.0/24, 10.0.40.0/24]"
    assert _lines(found)["spec.egress.to 10.0.40.0/24"] == {line}


@pytest.mark.parametrize(
    ("more", "line"),
    [("    OTEL_SERVICE_NAME: me\n", "OTEL_SERVICE_NAME: me"), ("    MINE: x\n", "applicationSignals: true")],
)
def test_a_variable_of_tracing_leads_to_its_own_line_where_it_has_one(
    copied: Callable[[str, str, str], Path], more: str, line: str
) -> None:
    project = copied("staging", SIGNALS, "")
    values = project / "infra/helmchart/values-prod.yaml"
    values.write_text(values.read_text().replace(SIGNALS, f"{SIGNALS}  env:\n{more}"))
    found = check("prod", "--untested-against", "staging", "--project", str(project)).of("untested")
    assert _lines(found)["variable OTEL_SERVICE_NAME of my-tomorrows-api"] == {line}


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """This project beside itself, one text of an environment's values in place of another."""

    def copy(environment: str, old: str, new: str) -> Path:
        shutil.copytree(ROOT / "infra/helmchart", tmp_path / "infra/helmchart")
        shutil.copy(ROOT / "flaskship.yaml", tmp_path)
        (tmp_path / "app").mkdir()
        values = tmp_path / f"infra/helmchart/values-{environment}.yaml"
        text = values.read_text()
        assert old in text
        values.write_text(text.replace(old, new))
        return tmp_path

    return copy


def _lines(found: list[dict[str, Any]]) -> dict[str, set[str]]:
    """The lines of values that each delta leads to, by its name without the kind."""
    told: dict[str, set[str]] = {}
    for one in found:
        file = Path(one["values"]["file"])
        line = (
            (file if file.is_absolute() else ROOT / file).read_text().splitlines()[one["values"]["line"] - 1]
        )
        name = one["object"].removeprefix("NetworkPolicy ").removeprefix("Deployment spec.template ")
        told.setdefault(name, set()).add(line.strip())
    return told
