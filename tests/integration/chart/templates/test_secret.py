"""secret.yaml: the Secret that the chart makes under provider generated."""

import pytest


def reference(release, variable: str, name: str = "my-tomorrows-api") -> dict[str, object]:
    found: dict[str, object] = release.env(name)[variable]["secretKeyRef"]
    return found


@pytest.mark.on
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


@pytest.mark.off
@pytest.mark.parametrize("provider", ["external", "existing"])
def test_who_gets_secrets_elsewhere_makes_none(render, provider: str) -> None:
    text = f"secrets: {{provider: {provider}, generated: {{api-key: x}}}}\n"
    assert not render(text, environment="prod").all("Secret")


@pytest.mark.override
def test_keys_of_ones_own_are_added(render) -> None:
    release = render("secrets: {generated: {api-key: 'k: \"1\"', database-url: null}}\n", environment="dev")
    (secret,) = release.all("Secret").values()
    assert secret["stringData"] == {"api-key": 'k: "1"'}


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{api-key: 5}", "{'a b': x}", "[x]"])
def test_a_secret_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "secrets.generated" in refused(f"secrets: {{generated: {text}}}\n", line=1)
