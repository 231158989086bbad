"""infra/secrets.yaml: every remoteRef of every ExternalSecret is an entry that the infrastructure makes."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from flaskship.chart import helm

TABLE: dict[str, Any] = helm.parse_yaml(
    (Path(__file__).resolve().parents[3] / "infra" / "secrets.yaml").read_text()
)


def entries(environment: str) -> set[tuple[str, str]]:
    """Entry and property, as the table has them."""
    found = TABLE["environments"].get(environment, {})
    return {(name, property_) for name, entry in found.items() for property_ in entry["properties"]}


def references(release) -> set[tuple[str, str]]:
    """Entry and property, as the ExternalSecrets ask for them."""
    return {
        (item["remoteRef"]["key"], item["remoteRef"]["property"])
        for secret in release.all("ExternalSecret").values()
        for item in secret["spec"]["data"]
    }


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_what_is_asked_for_is_made_and_what_is_made_is_asked_for(render, environment: str) -> None:
    assert references(render(environment=environment)) == entries(environment)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_the_role_may_read_every_entry(render, environment: str) -> None:
    for key, _ in references(render(environment=environment)):
        assert any(fnmatchcase(key, pattern) for pattern in TABLE["resources"]), key


def test_a_reference_that_nobody_makes_is_seen(render) -> None:
    text = "secrets: {external: {secrets: {app-secrets: {data: {extra: {key: extra, property: p}}}}}}\n"
    assert ("my-app/production/extra", "p") in references(render(text, environment="prod")) - entries("prod")


def test_the_databases_own_secret_is_asked_for_by_its_arn(render) -> None:
    # As `terraform output helm_values` of the app stack has it.
    arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-1-AbCdEf"
    data = f"database-password: {{key: '{arn}'}}"
    text = f"secrets: {{external: {{secrets: {{app-secrets: {{data: {{{data}}}}}}}}}}}\n"
    asked = references(render(text, environment="prod"))
    assert (arn, "password") in asked
    assert ("my-app/production/database", "host") in asked


def test_an_entry_of_another_project_is_outside_of_the_policy() -> None:
    assert not any(fnmatchcase("other/production/api", pattern) for pattern in TABLE["resources"])


def test_the_role_is_the_one_that_the_guide_names_and_every_source_is_known() -> None:
    assert TABLE["role"] == "my-app-eks-pod-role"
    for environment in TABLE["environments"].values():
        assert {entry["source"] for entry in environment.values()} <= {"managed", "random"}
