"""deployment.yaml: one Deployment for each enabled application, hardened and complete by its defaults."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.on
def test_an_application_that_says_nothing_is_complete(render) -> None:
    release = render("applications:\n  shop: {}\n")
    assert release.container("shop")["image"] == "cloudandparth/my-demo-app:1.0"
    assert release.env("shop")["APP_ROLE"] == "api"
    assert release.one("Service", "shop")["spec"]["ports"][0]["port"] == 80


@pytest.mark.off
def test_an_application_that_is_off_leaves_nothing(render) -> None:
    release = render("", "applications.my-tomorrows-worker.enabled=false")
    assert "my-tomorrows-worker" not in release.rendered.manifests


@pytest.mark.override
def test_dev_fails_and_stops_quickly(render) -> None:
    spec = render().one("Deployment")["spec"]
    assert spec["progressDeadlineSeconds"] == 60
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 15


@pytest.mark.on
def test_the_rolling_update_keeps_all_that_serve(render) -> None:
    assert render().one("Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


@pytest.mark.override
def test_percentages_and_recreate(render) -> None:
    percent = render(API + "strategy: {rollingUpdate: {maxSurge: 25%}}\n").one("Deployment")
    assert percent["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%"
    recreate = render(API + "strategy: {type: Recreate}\n").one("Deployment")
    assert recreate["spec"]["strategy"] == {"type": "Recreate"}


def test_replicas_leave_the_template_to_autoscaling(render) -> None:
    assert render().one("Deployment")["spec"]["replicas"] == 1
    assert "replicas" not in render(API + "autoscaling: {enabled: true}\n").one("Deployment")["spec"]


@pytest.mark.bad
def test_replicas_beside_autoscaling_are_refused(refused) -> None:
    message = refused(API + "autoscaling: {enabled: true}\n    replicas: 3\n", line=4)
    assert "beside autoscaling.enabled two would decide the number" in message


@pytest.mark.bad
@pytest.mark.parametrize("replicas", ["two", "-1", "1.5", "99999999999999999999", "true"])
def test_replicas_that_are_no_number_are_refused(refused, replicas: str) -> None:
    assert "applications.my-tomorrows-api.replicas" in refused(API + f"replicas: {replicas}\n", line=3)
