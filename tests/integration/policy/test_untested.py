"""What prod has and staging never exercises, by the real command."""

from pathlib import Path

import pytest
from tests.integration.policy.checking import API, check


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
