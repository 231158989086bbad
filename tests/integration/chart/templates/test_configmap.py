"""configmap.yaml: the plain settings of an application, under a name that changes with them."""

import json

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.override
def test_the_settings_of_the_application(render) -> None:
    text = (
        API
        + "features: {webhooks: false}\n    webhooks: {allow: [10.0.0.0/8, host.local]}\n    config: {X: 5}\n"
    )
    settings = render(text).settings()
    assert json.loads(settings["FEATURES"]) == {"webhooks": False}
    assert settings["WEBHOOK_ALLOW"] == "10.0.0.0/8,host.local"
    assert (settings["APP_ENVIRONMENT"], settings["LOG_LEVEL"], settings["X"]) == ("dev", "DEBUG", "5")
    assert "SIBLINGS" not in settings


@pytest.mark.on
def test_monitoring_knows_its_siblings(render) -> None:
    assert render(environment="prod").settings("my-tomorrows-monitoring")["SIBLINGS"] == (
        "my-tomorrows-admin=http://my-tomorrows-admin:80,"
        "my-tomorrows-api=http://my-tomorrows-api:80,"
        "my-tomorrows-worker=http://my-tomorrows-worker:80"
    )


def name(release) -> str:
    found: str = release.container()["envFrom"][0]["configMapRef"]["name"]
    return found


@pytest.mark.override
def test_a_change_changes_the_name_and_so_the_pods(render) -> None:
    before, after = render(), render(API + "logLevel: INFO\n")
    assert name(before) != name(after)
    assert name(before).startswith("my-tomorrows-api-config-")
    assert name(before) == name(render())


@pytest.mark.on
def test_an_old_revision_keeps_its_configuration(render) -> None:
    config = render().one("ConfigMap", name(render()))
    assert config["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert config["immutable"] is True


def test_the_release_is_the_environment_where_none_is_said(render) -> None:
    assert render("environment: ''\n").settings()["APP_ENVIRONMENT"] == "my-app-dev"


@pytest.mark.bad
@pytest.mark.parametrize(
    "text", ["config: {a-b: x}", "logLevel: LOUD", "features: {x: [1]}", "webhooks: {alow: []}"]
)
def test_settings_that_cannot_be_are_refused(refused, text: str) -> None:
    assert "applications.my-tomorrows-api." in refused(API + text + "\n", line=3)


def test_text_of_any_kind_survives(render) -> None:
    hard = 'a: "b" \\ {{ x }} ünï # no\nnext'
    assert render(API + f"config: {{X: {json.dumps(hard)}}}\n").settings()["X"] == hard


@pytest.mark.off
def test_an_application_that_is_off_leaves_none(render) -> None:
    release = render("", "applications.my-tomorrows-worker.enabled=false")
    assert [name.rpartition("-config-")[0] for name in release.all("ConfigMap")] == ["my-tomorrows-api"]
