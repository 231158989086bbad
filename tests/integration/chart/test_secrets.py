"""secret.yaml, externalsecret.yaml, secretstore.yaml: where secrets come from, and who reads which."""

import pytest

OWN = "secrets:\n  provider: "


def reference(release, variable: str, name: str = "my-tomorrows-api") -> dict[str, object]:
    found: dict[str, object] = release.env(name)[variable]["secretKeyRef"]
    return found


def mounted(release, name: str = "my-tomorrows-api") -> list[str]:
    """The keys that a pod finds as files, after checking that each setting names one of them."""
    (volume,) = [one["secret"] for one in release.pod(name)["volumes"] if one["name"] == "secrets"]
    assert volume["secretName"] == "app-secrets"
    # No subPath: kubelet never renews a file that is mounted by one.
    mount = {"name": "secrets", "mountPath": "/run/secrets/my-app", "readOnly": True}
    assert mount in release.container(name)["volumeMounts"]
    keys = [item["key"] for item in volume["items"]]
    named = {value for key, value in release.env(name).items() if key.endswith("_FILE")}
    assert named == {f"/run/secrets/my-app/{key}" for key in keys}
    return keys


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_credentials_are_files_so_that_a_rotation_restarts_nothing(render, environment: str) -> None:
    release = render(environment=environment)
    assert mounted(release) == ["database-url", "api-key"]
    assert mounted(release, "my-tomorrows-worker") == ["database-url"]
    assert mounted(release, "my-tomorrows-admin") == ["database-url", "ui-password"]
    assert not {"DATABASE_URL", "API_KEY"} & set(release.env())
    migration = release.pod()["initContainers"][0]
    assert {"name": "DATABASE_URL_FILE", "value": "/run/secrets/my-app/database-url"} in migration["env"]
    assert migration["volumeMounts"] == release.container()["volumeMounts"]


def test_who_has_no_database_gets_no_credentials_of_it(render) -> None:
    release = render(environment="prod")
    assert mounted(release, "my-tomorrows-monitoring") == ["ui-password"]
    assert "secrets" not in {one["name"] for one in render().pod()["volumes"]}


def test_a_setting_of_ones_own_takes_the_place_of_the_file(render) -> None:
    own = render("", "applications.my-tomorrows-api.env.DATABASE_URL=sqlite:////tmp/x", environment="prod")
    assert own.env()["DATABASE_URL"] == "sqlite:////tmp/x"
    assert mounted(own) == ["api-key"]


def test_files_stand_where_the_values_say(render) -> None:
    release = render("secrets: {mountPath: /etc/creds}\n", environment="prod")
    assert release.env()["API_KEY_FILE"] == "/etc/creds/api-key"


def test_a_key_that_an_application_needs_must_be_fetched(refused) -> None:
    text = "secrets: {external: {secrets: {app-secrets: {data: {ui-password: null}}}}}\n"
    message = refused(text, environment="prod", line=1)
    assert "none of them puts ui-password into the Secret app-secrets" in message


def test_a_key_that_an_application_can_do_without_may_be_missing(render) -> None:
    text = "secrets: {external: {secrets: {app-secrets: {data: {api-key: null}}}}}\n"
    release = render(text, environment="staging")
    assert mounted(release) == ["database-url"]
    assert "API_KEY" not in release.env()


def test_secrets_that_somebody_else_made_are_only_named(render) -> None:
    release = render(OWN + "existing\n  appSecrets: theirs\n", environment="prod")
    assert release.env()["DATABASE_URL_FILE"] == "/run/secrets/my-app/database-url"
    assert release.pod()["volumes"][-1]["secret"]["secretName"] == "theirs"
    assert not release.all("ExternalSecret")
    assert not release.all("Secret")
    assert not release.all("SecretStore")
    assert "The Secret theirs must exist" in str(release.rendered.notes)


def test_what_others_made_may_lack_what_is_optional(render) -> None:
    release = render(OWN + "existing\n", environment="staging")
    assert reference(release, "API_KEY") == {"name": "app-secrets", "key": "api-key", "optional": True}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secrets: {provider: vault}\n", "'vault' is not one of external, existing, generated"),
        ("secrets: {provider: extrnal}\n", "did you mean external?"),
        ("secrets: {external: {refreshInterval: often}}\n", "secrets.external.refreshInterval"),
        ("secrets: {mountPath: relative}\n", "secrets.mountPath"),
        ("aws: {identity: user}\n", "'user' is not one of irsa, podIdentity"),
        ("secrets: {generated: {api-key: 5}}\n", "secrets.generated.api-key: is a number, and cannot be"),
        (
            "secrets: {external: {secrets: {x: {target: y}}}}\n",
            "secrets.external.secrets.x.data: is required",
        ),
    ],
)
def test_secrets_that_cannot_be_are_refused(refused, text: str, words: str) -> None:
    assert words in refused(text, line=1)
