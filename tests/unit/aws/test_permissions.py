import copy
from collections.abc import Callable
from typing import Any

import pytest

from flaskship.aws.rehearsal.permissions import allowed, trusts, trusts_alone

SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:my-app/production/api-AbCdEf"


def policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


READ = policy(Action=["secretsmanager:Get*"], Resource="arn:aws:secretsmanager:*:*:secret:my-app/*")


@pytest.mark.parametrize(
    ("action", "resource", "may"),
    [
        ("secretsmanager:GetSecretValue", SECRET, True),
        ("SecretsManager:getsecretvalue", SECRET, True),
        ("secretsmanager:PutSecretValue", SECRET, False),
        ("secretsmanager:GetSecretValue", SECRET.replace("my-app", "my-apple"), False),
        ("secretsmanager:GetSecretValue", SECRET.upper(), False),
    ],
)
def test_actions_ignore_case_and_resources_do_not(action: str, resource: str, may: bool) -> None:
    assert allowed([READ], action, resource, {}) is may


def test_nothing_is_allowed_by_silence() -> None:
    assert not allowed([], "s3:GetObject", "arn:aws:s3:::b/o", {})


def test_a_deny_wins_over_every_allow() -> None:
    deny = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": SECRET}}
    assert not allowed([READ, deny], "secretsmanager:GetSecretValue", SECRET, {})


def test_a_condition_needs_its_key() -> None:
    key = policy(
        Action="kms:Decrypt",
        Resource="key",
        Condition={"StringEquals": {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com"}},
    )
    through = {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com"}
    assert allowed([key], "kms:Decrypt", "key", through)
    assert not allowed([key], "kms:Decrypt", "key", {})
    assert not allowed([key], "kms:Decrypt", "key", {"kms:ViaService": "s3.us-west-2.amazonaws.com"})


@pytest.mark.parametrize(
    "statement",
    [
        {"NotAction": "iam:*", "Resource": "*"},
        {"Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
    ],
)
def test_what_is_not_understood_is_no_silent_answer(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not understood"):
        allowed([policy(**statement)], "s3:GetObject", "arn:aws:s3:::b/o", {})


def test_a_trust_is_for_one_subject_of_one_provider() -> None:
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": "arn:provider"},
                "Condition": {"StringEquals": {"issuer:sub": ["a", "b"], "issuer:aud": "sts.amazonaws.com"}},
            }
        ]
    }
    right = {"issuer:sub": "b", "issuer:aud": "sts.amazonaws.com"}
    assert trusts(trust, "arn:provider", right)
    assert not trusts(trust, "arn:another", right)
    assert not trusts(trust, "arn:provider", right | {"issuer:sub": "c"})
    assert not trusts(trust, "arn:provider", right | {"issuer:aud": "me"})


ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/ABC"
POD = "system:serviceaccount:my-app-prod:my-app-serviceaccount"
BOUND: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"},
            "Condition": {"StringEquals": {f"{ISSUER}:sub": POD, f"{ISSUER}:aud": "sts.amazonaws.com"}},
        }
    ],
}


def test_a_role_of_one_account_is_its_alone() -> None:
    assert trusts_alone(BOUND, ISSUER, {POD})
    assert not trusts_alone(BOUND, ISSUER, {POD, "system:serviceaccount:a:b"})
    assert not trusts_alone(BOUND, "oidc.eks.us-west-2.amazonaws.com/id/DEF", {POD})


def _equals(trust: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = trust["Statement"][0]["Condition"]["StringEquals"]
    return found


def _second(trust: dict[str, Any], **changed: Any) -> None:
    trust["Statement"].append(copy.deepcopy(BOUND["Statement"][0]) | changed)


@pytest.mark.parametrize(
    "widen",
    [
        lambda trust: _equals(trust).pop(f"{ISSUER}:aud"),
        lambda trust: _equals(trust).pop(f"{ISSUER}:sub"),
        lambda trust: _equals(trust).update({f"{ISSUER}:sub": [POD, "system:serviceaccount:a:b"]}),
        lambda trust: _second(
            trust, Condition={"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:*:*"}}
        ),
        lambda trust: _second(trust, Principal={"AWS": "*"}),
        lambda trust: _second(trust, Principal="*"),
        lambda trust: _second(
            trust, Principal={"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}", "AWS": "*"}
        ),
        lambda trust: _second(trust, Action=["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"]),
        lambda trust: trust["Statement"].append({"Effect": "Allow", "NotAction": "s3:*", "Principal": "*"}),
    ],
    ids=[
        "no audience",
        "no subject",
        "another subject",
        "a pattern",
        "any account",
        "anybody",
        "anybody beside it",
        "another action",
        "not an action",
    ],
)
def test_whoever_else_is_let_in_is_seen(widen: Callable[[dict[str, Any]], object]) -> None:
    trust = copy.deepcopy(BOUND)
    widen(trust)
    assert not trusts_alone(trust, ISSUER, {POD})
