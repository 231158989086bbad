"""secret.yaml, externalsecret.yaml, secretstore.yaml: where secrets come from, and who reads which."""

import re

import pytest

OWN = "secrets:\n  provider: "


def reference(release, variable: str, name: str = "my-tomorrows-api") -> dict[str, object]:
    found: dict[str, object] = release.env(name)[variable]["secretKeyRef"]
    return found


def test_dev_makes_its_secret_under_a_name_that_changes_with_it(render) -> None:
    release = render()
    (secret,) = release.all("Secret").values()
    assert secret["stringData"] == {"database-url": "sqlite:////data/reminders.db"}
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert reference(release, "DATABASE_URL")["name"] == secret["metadata"]["name"]
    (other,) = render("", "secrets.generated.api-key=x").all("Secret")
    assert other != secret["metadata"]["name"]


def test_dev_needs_no_key(render) -> None:
    assert reference(render(), "API_KEY")["optional"] is True
    assert "optional" not in reference(render(), "DATABASE_URL")


def test_prod_needs_its_key(render) -> None:
    assert reference(render(environment="prod"), "API_KEY") == {"name": "app-secrets", "key": "api-key"}
    assert reference(render(environment="staging"), "API_KEY")["optional"] is True


def test_the_pages_need_their_password(render) -> None:
    release = render(environment="prod")
    for name in ("my-tomorrows-admin", "my-tomorrows-monitoring"):
        assert reference(release, "UI_PASSWORD", name) == {"name": "app-secrets", "key": "ui-password"}
    assert "UI_PASSWORD" not in release.env()
    assert "DATABASE_URL" not in release.env("my-tomorrows-monitoring")


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


def test_the_database_url_is_composed_of_what_rotates(render) -> None:
    spec = render(environment="prod").one("ExternalSecret", "app-secrets")["spec"]
    url = spec["target"]["template"]["data"]["database-url"]
    assert spec["target"]["template"]["mergePolicy"] == "Merge"
    assert url.startswith("postgresql+psycopg://{{ index . ")
    fetched = {entry["secretKey"] for entry in spec["data"]}
    assert set(re.findall(r'index \. "([^"]+)"', url)) <= fetched


def test_the_store_reads_through_the_account_with_the_role(render) -> None:
    store = render(environment="prod").one("SecretStore", "aws-secrets-manager")
    aws = store["spec"]["provider"]["aws"]
    assert aws["auth"]["jwt"]["serviceAccountRef"] == {"name": "my-app-serviceaccount"}
    assert (aws["service"], aws["region"]) == ("SecretsManager", "us-west-2")


def test_secrets_that_somebody_else_made_are_only_named(render) -> None:
    release = render(OWN + "existing\n  appSecrets: theirs\n", environment="prod")
    assert reference(release, "DATABASE_URL")["name"] == "theirs"
    assert not release.all("ExternalSecret")
    assert not release.all("Secret")
    assert not release.all("SecretStore")
    assert "The Secret theirs must exist" in str(release.rendered.notes)


def test_a_key_can_be_added_and_one_removed(render) -> None:
    text = (
        "secrets: {external: {secrets: {database-credentials: null, app-secrets: "
        "{data: {extra: {key: k, property: p}, ui-password: null}}}}}\n"
    )
    release = render(text, environment="prod")
    assert list(release.all("ExternalSecret")) == ["app-secrets"]
    keys = [entry["secretKey"] for entry in release.one("ExternalSecret", "app-secrets")["spec"]["data"]]
    assert "extra" in keys
    assert "ui-password" not in keys


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secrets: {provider: vault}\n", "'vault' is not one of external, existing, generated"),
        ("secrets: {provider: extrnal}\n", "did you mean external?"),
        ("secrets: {external: {refreshInterval: often}}\n", "secrets.external.refreshInterval"),
        ("secrets: {generated: {api-key: 5}}\n", "secrets.generated.api-key: is a number, and cannot be"),
        (
            "secrets: {external: {secrets: {x: {target: y}}}}\n",
            "secrets.external.secrets.x.data: is required",
        ),
    ],
)
def test_secrets_that_cannot_be_are_refused(refused, text: str, words: str) -> None:
    assert words in refused(text, line=1)
