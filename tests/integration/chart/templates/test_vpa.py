"""vpa.yaml: a recommendation, never a second hand on the wheel."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.on
def test_prod_asks_for_recommendations_only(render) -> None:
    release = render(environment="prod")
    assert len(release.all("VerticalPodAutoscaler")) == 4
    spec = release.one("VerticalPodAutoscaler", "my-tomorrows-api-vpa")["spec"]
    assert spec["updatePolicy"]["updateMode"] == "Off"
    (policy,) = spec["resourcePolicy"]["containerPolicies"]
    assert policy["containerName"] == "my-tomorrows-api"
    assert policy["maxAllowed"] == {"cpu": "2", "memory": "4Gi"}


@pytest.mark.off
def test_dev_has_none(render) -> None:
    assert not render().all("VerticalPodAutoscaler")


@pytest.mark.override
def test_alone_it_may_act(render) -> None:
    release = render(API + "vpa: {enabled: true, updateMode: Recreate}\n")
    spec = release.one("VerticalPodAutoscaler", "my-tomorrows-api-vpa")["spec"]
    assert spec["updatePolicy"]["updateMode"] == "Recreate"


@pytest.mark.bad
def test_beside_autoscaling_it_may_not(refused) -> None:
    text = API + "vpa: {enabled: true, updateMode: Recreate}\n    autoscaling: {enabled: true}\n"
    assert "two controllers fight over the same resource, cpu; set it to Off" in refused(text, line=3)


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{updateMode: Auto}", "{updateMode: Off}", "{maxAllowed: {cpu: lots}}"])
def test_a_vpa_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "applications.my-tomorrows-api.vpa." in refused(API + f"vpa: {text}\n", line=3)


@pytest.mark.override
def test_what_it_recommends_is_a_value(render) -> None:
    release = render(API + "vpa: {enabled: true, controlledResources: [memory]}\n")
    spec = release.one("VerticalPodAutoscaler", "my-tomorrows-api-vpa")["spec"]
    assert spec["resourcePolicy"]["containerPolicies"][0]["controlledResources"] == ["memory"]
