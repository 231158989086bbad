"""Facts of rights, buckets and keys, asked of the API: what is wrong is told, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.bucket_facts import bucket_facts
from flaskship.aws.rehearsal.children import api_server
from flaskship.aws.rehearsal.facts import groups_end, keys_turn
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.role_facts import expected, role_facts, strangers

pytest.importorskip("moto", reason="not tested here: moto is not installed")

NAME = "my-app-dev"
TAGS = [
    {"Key": key, "Value": value}
    for key, value in {
        "Project": "my-app",
        "Environment": "dev",
        "Stack": "platform",
        "ManagedBy": "terraform",
    }.items()
]
NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with api_server(tmp_path_factory.mktemp("facts")) as port:
        yield port


def broken(facts: list[Fact]) -> list[str]:
    return [fact.says for fact in facts if not fact.holds]


def policy(actions: list[str], resource: str = "arn:aws:logs:us-west-2:123456789012:log-group:/x") -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def roles(port: int) -> Iterator[Any]:
    """Every role of the platform as it is meant to be; nothing of it afterwards."""
    iam = client(port, "iam")
    for role, rights in expected("platform", NAME).items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=NOBODY, Tags=TAGS)
        for managed in rights.managed:
            folder = "service-role/" if managed == "AmazonEBSCSIDriverPolicy" else ""
            iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{folder}{managed}")
        if rights.actions:
            resource = "*" if rights.on_everything else "arn:aws:logs:us-west-2:123456789012:log-group:/x"
            document = policy(sorted(rights.actions), resource)
            iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)
    yield iam
    for one in iam.list_roles()["Roles"]:
        role = one["RoleName"]
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])
        for own in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=own)
        iam.delete_role(RoleName=role)


def asked(port: int) -> list[str]:
    return broken([*role_facts(port, "platform", NAME), strangers(port, NAME, {"platform"})])


def test_roles_as_they_are_meant_have_no_finding(port: int, roles: Any) -> None:
    assert asked(port) == []


@pytest.mark.parametrize(
    ("role", "actions", "resource"),
    [
        ("collector", ["logs:*"], "arn:aws:logs:us-west-2:123456789012:log-group:/x"),
        ("collector", ["logs:PutLogEvents"], "*"),
        ("argo-rollouts", ["elasticloadbalancing:DeleteLoadBalancer"], "*"),
        ("nodes", ["s3:GetObject"], "*"),
    ],
)
def test_an_action_more_is_told(port: int, roles: Any, role: str, actions: list[str], resource: str) -> None:
    roles.put_role_policy(
        RoleName=f"{NAME}-{role}", PolicyName="more", PolicyDocument=policy(actions, resource)
    )
    assert asked(port) == [f"role {NAME}-{role} has these rights and no other"]


def test_an_action_less_is_told(port: int, roles: Any) -> None:
    roles.put_role_policy(
        RoleName=f"{NAME}-collector", PolicyName="own", PolicyDocument=policy(["logs:PutLogEvents"])
    )
    assert asked(port) == [f"role {NAME}-collector has these rights and no other"]


@pytest.mark.parametrize("role", ["nodes", "cluster", "karpenter", "load-balancer-controller"])
def test_a_managed_policy_more_is_told(port: int, roles: Any, role: str) -> None:
    roles.attach_role_policy(
        RoleName=f"{NAME}-{role}", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert asked(port) == [f"role {NAME}-{role} has these rights and no other"]


def test_a_role_that_nobody_means_is_told(port: int, roles: Any) -> None:
    roles.create_role(RoleName="strange", AssumeRolePolicyDocument=NOBODY)
    found = strangers(port, NAME, {"platform"})
    assert (found.holds, found.seen) == (False, "strange")


def test_a_role_without_a_tag_is_told(port: int, roles: Any) -> None:
    roles.untag_role(RoleName=f"{NAME}-karpenter", TagKeys=["Environment"])
    assert asked(port) == ["its roles carry the tags of all"]


BUCKET = "my-bucket"
TLS_ONLY = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Action": "s3:*",
    "Principal": "*",
    "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.fixture
def bucket(port: int) -> Iterator[Any]:
    s3 = client(port, "s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    closed(s3, True)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    encrypt(s3, "AES256")
    allow(s3, [TLS_ONLY])
    yield s3
    s3.delete_bucket(Bucket=BUCKET)


def closed(s3: Any, acls: bool) -> None:
    block = {"BlockPublicAcls": acls, "IgnorePublicAcls": True, "BlockPublicPolicy": True}
    s3.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=block | {"RestrictPublicBuckets": True}
    )


def encrypt(s3: Any, how: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": how}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


def allow(s3: Any, statements: list[dict[str, Any]]) -> None:
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def test_a_sound_bucket_has_no_finding(port: int, bucket: Any) -> None:
    assert broken(bucket_facts(port, "app", BUCKET, "it")) == []


def test_each_hole_of_a_bucket_is_told(port: int, bucket: Any) -> None:
    assert broken(bucket_facts(port, "app", BUCKET, "it", key=True)) == ["it is encrypted (aws:kms)"]
    closed(bucket, False)
    bucket.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    allow(bucket, [TLS_ONLY | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}])
    assert broken(bucket_facts(port, "app", BUCKET, "it")) == [
        "it is closed to the public",
        "it keeps versions",
        "it answers nobody without TLS",
    ]


def test_a_group_without_an_end_and_a_key_that_stays_are_told(port: int, tmp_path: Path) -> None:
    logs, kms = client(port, "logs"), client(port, "kms")
    logs.create_log_group(logGroupName="/kept")
    logs.put_retention_policy(logGroupName="/kept", retentionInDays=30)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    assert groups_end(port).holds
    assert keys_turn(port).holds
    logs.create_log_group(logGroupName="/for-ever")
    kms.disable_key_rotation(KeyId=key)
    assert (groups_end(port).holds, groups_end(port).seen) == (False, "/for-ever")
    assert (keys_turn(port).holds, keys_turn(port).seen) == (False, key)
