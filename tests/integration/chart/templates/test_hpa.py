"""hpa.yaml: the number of replicas follows the processor."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    autoscaling: "


@pytest.mark.on
def test_prod_scales_the_api_as_the_guide_says(render) -> None:
    spec = render(environment="prod").one("HorizontalPodAutoscaler", "my-tomorrows-api-hpa")["spec"]
    assert spec["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "my-tomorrows-api",
    }
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 20)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    assert spec["behavior"]["scaleDown"] == {
        "stabilizationWindowSeconds": 300,
        "policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}],
    }
    assert spec["behavior"]["scaleUp"]["policies"][0]["value"] == 50


@pytest.mark.off
def test_dev_has_none(render) -> None:
    assert not render().all("HorizontalPodAutoscaler")


@pytest.mark.override
def test_memory_is_there_for_those_who_want_it(render) -> None:
    release = render(API + "{enabled: true, memory: {enabled: true}}\n")
    spec = release.one("HorizontalPodAutoscaler", "my-tomorrows-api-hpa")["spec"]
    assert [metric["resource"]["name"] for metric in spec["metrics"]] == ["cpu", "memory"]


@pytest.mark.override
def test_one_application_is_overridden_and_the_other_is_not(render) -> None:
    text = "defaults: {autoscaling: {enabled: true}}\n" + API + "{maxReplicas: 4}\n"
    release = render(text)
    scalers = release.all("HorizontalPodAutoscaler")
    assert scalers["my-tomorrows-api-hpa"]["spec"]["maxReplicas"] == 4
    assert scalers["my-tomorrows-worker-hpa"]["spec"]["maxReplicas"] == 10


@pytest.mark.bad
def test_the_least_is_not_above_the_most(refused) -> None:
    assert "minReplicas: 9 is above autoscaling.maxReplicas 3" in refused(
        API + "{enabled: true, minReplicas: 9, maxReplicas: 3}\n", line=3
    )


@pytest.mark.bad
@pytest.mark.parametrize(
    "text",
    ["{minReplicas: 0}", "{cpu: {averageUtilization: 70%}}", "{behavior: {scaleDow: {}}}",
     "{behavior: {scaleUp: {policies: [{type: Percent}]}}}"],
)  # fmt: skip
def test_scaling_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "applications.my-tomorrows-api.autoscaling." in refused(API + text + "\n", line=3)
