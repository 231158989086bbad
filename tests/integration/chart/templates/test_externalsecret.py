"""externalsecret.yaml: what the operator fetches, and what it composes of that."""

import re

import pytest


@pytest.mark.on
def test_the_operator_fetches_them_from_the_store(render) -> None:
    release = render(environment="prod")
    secret = release.one("ExternalSecret", "app-secrets")
    assert secret["apiVersion"] == "external-secrets.io/v1"
    assert secret["spec"]["secretStoreRef"] == {"name": "aws-secrets-manager", "kind": "SecretStore"}
    target = secret["spec"]["target"]
    assert (target["name"], target["creationPolicy"]) == ("app-secrets", "Owner")
    remote = {entry["secretKey"]: entry["remoteRef"] for entry in secret["spec"]["data"]}
    assert remote["database-password"] == {"key": "my-app/production/database", "property": "password"}
    assert {"api-key", "ui-password"} < set(remote)
    credentials = release.one("ExternalSecret", "database-credentials")
    assert credentials["spec"]["target"]["name"] == "database-secret"
    assert [entry["secretKey"] for entry in credentials["spec"]["data"]] == ["password", "username"]
    assert not release.all("Secret")


@pytest.mark.on
def test_the_database_url_is_composed_of_what_rotates(render) -> None:
    spec = render(environment="prod").one("ExternalSecret", "app-secrets")["spec"]
    url = spec["target"]["template"]["data"]["database-url"]
    assert spec["target"]["template"]["mergePolicy"] == "Merge"
    assert url.startswith("postgresql+psycopg://{{ index . ")
    fetched = {entry["secretKey"] for entry in spec["data"]}
    assert set(re.findall(r'index \. "([^"]+)"', url)) <= fetched


@pytest.mark.override
def test_a_key_can_be_added_and_one_removed(render) -> None:
    text = (
        "secrets: {external: {secrets: {database-credentials: null, app-secrets: "
        "{data: {extra: {key: k, property: p}, api-key: null}}}}}\n"
    )
    release = render(text, environment="staging")
    assert list(release.all("ExternalSecret")) == ["app-secrets"]
    keys = [entry["secretKey"] for entry in release.one("ExternalSecret", "app-secrets")["spec"]["data"]]
    assert "extra" in keys
    assert "api-key" not in keys


@pytest.mark.off
def test_other_providers_ask_no_operator(render) -> None:
    for provider in ("existing", "generated"):
        assert not render(f"secrets: {{provider: {provider}}}\n", environment="prod").all("ExternalSecret")


@pytest.mark.override
def test_where_and_how_often_it_asks_are_values(render) -> None:
    text = "secrets: {external: {path: team-b, refreshInterval: 5m, store: vault}}\n"
    spec = render(text, environment="prod").one("ExternalSecret", "database-credentials")["spec"]
    assert (spec["refreshInterval"], spec["secretStoreRef"]["name"]) == ("5m", "vault")
    assert {item["remoteRef"]["key"] for item in spec["data"]} == {"team-b/database"}


@pytest.mark.bad
@pytest.mark.parametrize(
    "text",
    [
        "{refreshInterval: often}",
        "{refreshInterval: 60}",
        "{secrets: {x: {target: y}}}",
        "{secrets: {x: {target: y, data: {k: {key: a}}}}}",
        "{pth: x}",
    ],
)
def test_what_cannot_be_fetched_is_refused(refused, text: str) -> None:
    assert "secrets.external." in refused(f"secrets: {{external: {text}}}\n", line=1)


@pytest.mark.bad
def test_a_path_that_would_give_two_slashes_is_refused(refused) -> None:
    text = "secrets:\n  external:\n    path: my-app/prod/\n"
    assert "secrets.external.path: 'my-app/prod/'" in refused(text, environment="prod", line=3)
