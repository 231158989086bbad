"""rbac.yaml: an account for each application, without rights; one shared account carries the IAM role."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.on
def test_each_application_has_its_account_and_no_token(render) -> None:
    release = render()
    assert list(release.all("ServiceAccount")) == ["my-tomorrows-api", "my-tomorrows-worker"]
    for name, account in release.all("ServiceAccount").items():
        assert account["automountServiceAccountToken"] is False
        assert release.pod(name)["serviceAccountName"] == name
    assert not release.all("Role")


@pytest.mark.override
def test_the_shared_account_carries_the_role(render) -> None:
    arn = "arn:aws:iam::123456789012:role/my-app-eks-pod-role"
    account = render(f"aws: {{roleArn: '{arn}'}}\n", environment="prod").one(
        "ServiceAccount", "my-app-serviceaccount"
    )
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == arn
    plain = render(environment="prod").one("ServiceAccount", "my-app-serviceaccount")
    assert "eks.amazonaws.com/role-arn" not in plain["metadata"]["annotations"]


@pytest.mark.override
def test_access_to_aws_runs_as_the_shared_account(render) -> None:
    release = render(API + "aws: {access: true}\n")
    assert release.pod()["serviceAccountName"] == "my-app-serviceaccount"
    assert sorted(release.all("ServiceAccount")) == ["my-app-serviceaccount", "my-tomorrows-worker"]


@pytest.mark.off
def test_somebody_else_may_make_the_accounts(render) -> None:
    text = "aws: {createServiceAccount: false}\n" + API + "serviceAccount: {create: false, name: theirs}\n"
    release = render(text, environment="staging")
    assert release.pod()["serviceAccountName"] == "theirs"
    assert sorted(release.all("ServiceAccount")) == ["my-tomorrows-admin", "my-tomorrows-worker"]


@pytest.mark.on
def test_rules_make_a_role_and_its_binding(render) -> None:
    rules = "[{apiGroups: [''], resources: [pods], verbs: [get]}]"
    release = render(API + f"serviceAccount: {{rules: {rules}}}\n")
    assert release.one("Role")["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    (subject,) = release.one("RoleBinding")["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "my-tomorrows-api", "namespace": "my-app-dev"}


@pytest.mark.bad
@pytest.mark.parametrize(
    "text", ["aws: {acess: true}", "serviceAccount: {name: A_B}", "serviceAccount: {rules: {}}"]
)
def test_accounts_that_cannot_be_are_refused(refused, text: str) -> None:
    assert "applications.my-tomorrows-api." in refused(API + text + "\n", line=3)


@pytest.mark.bad
def test_a_role_that_is_no_role_is_refused(refused) -> None:
    assert "aws.roleArn" in refused("aws: {roleArn: my-role}\n", line=1)
