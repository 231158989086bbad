"""What is there after everything was destroyed, asked of the API: Terraform forgets what it never knew."""

from collections.abc import Callable, Iterable

from flaskship.aws.rehearsal.api import client

Ask = Callable[[int], Iterable[str]]


def left(port: int) -> tuple[str, ...]:
    """Return what costs money, holds data or lets somebody in, and is still there."""
    return tuple(f"{kind} {name}" for kind, ask in KINDS.items() for name in sorted(ask(port)))


def _networks(port: int) -> Iterable[str]:
    return [one["VpcId"] for one in client(port, "ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]]


def _gateways(port: int) -> Iterable[str]:
    found = client(port, "ec2").describe_nat_gateways()["NatGateways"]
    return [one["NatGatewayId"] for one in found if one["State"] != "deleted"]


def _addresses(port: int) -> Iterable[str]:
    return [one["PublicIp"] for one in client(port, "ec2").describe_addresses()["Addresses"]]


def _roles(port: int) -> Iterable[str]:
    # AWS makes the roles of its services and keeps them.
    pages = client(port, "iam").get_paginator("list_roles").paginate()
    found = [role for page in pages for role in page["Roles"]]
    return [role["RoleName"] for role in found if not role["Path"].startswith("/aws-service-role/")]


def _keys(port: int) -> Iterable[str]:
    kms = client(port, "kms")
    found = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    # A destroyed one waits for its end; AWS's own are nobody's.
    return [one["KeyId"] for one in found if one["KeyState"] == "Enabled" and one["KeyManager"] == "CUSTOMER"]


def _groups(port: int) -> Iterable[str]:
    pages = client(port, "logs").get_paginator("describe_log_groups").paginate()
    return [one["logGroupName"] for page in pages for one in page["logGroups"]]


def _secrets(port: int) -> Iterable[str]:
    found = client(port, "secretsmanager").list_secrets()["SecretList"]
    return [one["Name"] for one in found if "DeletedDate" not in one]


KINDS: dict[str, Ask] = {
    "network": _networks,
    "NAT gateway": _gateways,
    "address": _addresses,
    "cluster": lambda port: client(port, "eks").list_clusters()["clusters"],
    "database": lambda port: [
        one["DBInstanceIdentifier"] for one in client(port, "rds").describe_db_instances()["DBInstances"]
    ],
    "bucket": lambda port: [one["Name"] for one in client(port, "s3").list_buckets()["Buckets"]],
    "repository": lambda port: [
        one["repositoryName"] for one in client(port, "ecr").describe_repositories()["repositories"]
    ],
    "role": _roles,
    "key": _keys,
    "secret": _secrets,
    "log group": _groups,
    "alarm": lambda port: [
        one["AlarmName"] for one in client(port, "cloudwatch").describe_alarms()["MetricAlarms"]
    ],
}
