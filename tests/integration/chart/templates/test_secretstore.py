"""secretstore.yaml: where the operator reads, and as whom."""

import pytest


@pytest.mark.on
def test_the_store_reads_through_the_account_with_the_role(render) -> None:
    store = render(environment="prod").one("SecretStore", "aws-secrets-manager")
    aws = store["spec"]["provider"]["aws"]
    assert aws["auth"]["jwt"]["serviceAccountRef"] == {"name": "my-app-serviceaccount"}
    assert (aws["service"], aws["region"]) == ("SecretsManager", "us-west-2")


@pytest.mark.override
def test_without_a_role_for_the_account_the_operator_reads_as_itself(render) -> None:
    text = "aws: {identity: podIdentity, roleArn: 'arn:aws:iam::123456789012:role/my-app-eks-pod-role'}\n"
    release = render(text, environment="prod")
    aws = release.one("SecretStore", "aws-secrets-manager")["spec"]["provider"]["aws"]
    assert "auth" not in aws
    assert aws["role"].endswith("my-app-eks-pod-role")
    account = release.one("ServiceAccount", "my-app-serviceaccount")["metadata"]
    assert "eks.amazonaws.com/role-arn" not in account["annotations"]


@pytest.mark.off
def test_other_providers_need_no_store(render) -> None:
    for provider in ("existing", "generated"):
        assert not render(f"secrets: {{provider: {provider}}}\n", environment="prod").all("SecretStore")


@pytest.mark.override
def test_name_region_and_account_are_values(render) -> None:
    text = "secrets: {external: {store: other, region: eu-central-1}}\naws: {serviceAccount: reader}\n"
    aws = render(text, environment="prod").one("SecretStore", "other")["spec"]["provider"]["aws"]
    assert aws["region"] == "eu-central-1"
    assert aws["auth"]["jwt"]["serviceAccountRef"]["name"] == "reader"


@pytest.mark.bad
@pytest.mark.parametrize(
    "text", ["secrets: {external: {region: 5}}", "secrets: {external: {store: A_B}}", "aws: {identity: user}"]
)
def test_a_store_that_cannot_be_is_refused(refused, text: str) -> None:
    path = "aws.identity" if "aws" in text else "secrets.external."
    assert path in refused(text + "\n", line=1)
