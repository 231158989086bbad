"""Facts of the applications' stack: the pods' role, the database, the bucket, images, alarms."""

import json
from collections.abc import Iterable
from typing import Any

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.bucket_facts import bucket_facts
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.permissions import allowed, trusts_alone
from flaskship.aws.rehearsal.platform_facts import issuer_of
from flaskship.aws.rehearsal.role_facts import role_facts
from flaskship.aws.rehearsal.stacks import REGION
from flaskship.aws.rehearsal.watching_facts import watching_facts

ROLE = "my-app-eks-pod-role"
DAYS = {"dev": 1, "staging": 7, "prod": 35}
"""Of backups, at least."""


def app_facts(port: int, environment: str) -> list[Fact]:
    """Ask for the environment's part of the account."""
    name = f"my-app-{environment}"
    database = client(port, "rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return [
        *_role(port, environment, database),
        *_database(port, database, environment),
        *bucket_facts(port, "app", f"my-app-bucket-{environment}-{ACCOUNT}", "the bucket"),
        *_images(port),
        *_alarms(port, name, environment),
        *_secrets(port, environment),
        _unusual_cost(port, name),
        *watching_facts(port, name, environment),
        *role_facts(port, "app", name),
    ]


def _fact(says: str, holds: bool, seen: object = "") -> Fact:
    return Fact("app", says, bool(holds), str(seen))


def questions(environment: str, database: str, key: str) -> Iterable[tuple[bool, str, str, dict[str, str]]]:
    """Return what the pods' role may (True) and may not do: action, resource, context."""
    bucket = f"arn:aws:s3:::my-app-bucket-{environment}-{ACCOUNT}"
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
    parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
    through = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    yield from ((True, f"s3:{verb}Object", f"{bucket}/reports/1", {}) for verb in ("Get", "Put", "Delete"))
    yield True, "s3:ListBucket", bucket, {}
    yield False, "s3:DeleteBucket", bucket, {}
    yield False, "s3:PutBucketPolicy", bucket, {}
    yield False, "s3:GetObject", "arn:aws:s3:::another-bucket/reports/1", {}
    yield False, "s3:GetObject", f"arn:aws:s3:::my-app-terraform-state-{ACCOUNT}/app/prod.tfstate", {}
    yield True, "secretsmanager:GetSecretValue", f"{secret}:my-app/production/api-AbCdEf", {}
    yield True, "secretsmanager:DescribeSecret", f"{secret}:my-app/production/api-AbCdEf", {}
    yield False, "secretsmanager:PutSecretValue", f"{secret}:my-app/production/api-AbCdEf", {}
    yield False, "secretsmanager:GetSecretValue", f"{secret}:other-app/api-AbCdEf", {}
    yield False, "secretsmanager:GetSecretValue", f"{secret}:rds!db-another-AbCdEf", {}
    yield True, "secretsmanager:GetSecretValue", database, {}
    yield True, "kms:Decrypt", key, through
    yield False, "kms:Decrypt", key, {}
    yield False, "kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another", through
    yield True, "ssm:GetParameter", f"{parameter}/my-app/prod/environment", {}
    yield True, "ssm:GetParametersByPath", f"{parameter}/my-app/prod", {}
    yield False, "ssm:GetParameter", f"{parameter}/flaskship/my-app/prod/platform", {}
    yield False, "ssm:PutParameter", f"{parameter}/my-app/prod/environment", {}
    yield False, "iam:PassRole", "*", {}
    yield False, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/my-app-github-deploy-prod", {}


def _role(port: int, environment: str, database: dict[str, Any]) -> list[Fact]:
    iam = client(port, "iam")
    cluster = client(port, "eks").describe_cluster(name=f"my-app-{environment}")["cluster"]
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    wanted = {f"system:serviceaccount:my-app-{environment}:my-app-serviceaccount"}
    names = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"] for name in names]
    secret = database["MasterUserSecret"]
    found = [
        _fact(
            "the pods' role is my-app-serviceaccount's alone",
            trusts_alone(trust, issuer_of(cluster), wanted),
            trust,
        ),
        _fact(
            "no managed policy widens the pods' role",
            not iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"],
        ),
    ]
    for may, action, resource, context in questions(environment, secret["SecretArn"], secret["KmsKeyId"]):
        says = f"the pods' role {'may' if may else 'may not'} {action} on {resource.split(':', 5)[-1]}"
        says += f" through {', '.join(context.values())}" if context else ""
        found.append(_fact(says, allowed(documents, action, resource, context) == may))
    return found


def _database(port: int, database: dict[str, Any], environment: str) -> list[Fact]:
    group = database["DBParameterGroups"][0]["DBParameterGroupName"]
    pages = client(port, "rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
    parameters = {
        one["ParameterName"]: one.get("ParameterValue") for page in pages for one in page["Parameters"]
    }
    printed = set(database.get("EnabledCloudwatchLogsExports", ()))
    return [
        _fact("the database wants TLS of everybody", parameters.get("rds.force_ssl") == "1"),
        _fact("what the database prints is kept", printed == {"postgresql", "upgrade"}, printed),
        _fact(
            "backups go back far enough", database["BackupRetentionPeriod"] >= DAYS[environment], environment
        ),
        _fact("the database is encrypted", database["StorageEncrypted"]),
        _fact("the database has no public address", not database["PubliclyAccessible"]),
        _fact("RDS keeps the password", database["MasterUserSecret"]["SecretArn"]),
        _fact("a standby in a second zone, in prod", database["MultiAZ"] == (environment == "prod")),
        _fact("protected from deletion, in prod", database["DeletionProtection"] == (environment == "prod")),
    ]


def _images(port: int) -> list[Fact]:
    ecr = client(port, "ecr")
    repository = ecr.describe_repositories()["repositories"][0]
    rules = json.loads(
        ecr.get_lifecycle_policy(repositoryName=repository["repositoryName"])["lifecyclePolicyText"]
    )
    expired = {one["selection"]["tagStatus"] for one in rules["rules"]}
    return [
        _fact("old images go, and those without a tag", expired == {"any", "untagged"}, rules),
        _fact("tags of images never move", repository["imageTagMutability"] == "IMMUTABLE"),
        _fact("images are scanned", repository["imageScanningConfiguration"]["scanOnPush"]),
    ]


def _alarms(port: int, name: str, environment: str) -> list[Fact]:
    alarms = client(port, "cloudwatch").describe_alarms(AlarmNamePrefix=f"{name}-")["MetricAlarms"]
    topics = {topic for alarm in alarms for topic in alarm["AlarmActions"]}
    told = client(port, "sns").list_subscriptions()["Subscriptions"]
    heard = topics and topics <= {one["TopicArn"] for one in told if one["Protocol"] == "email"}
    running = [alarm for alarm in alarms if alarm["AlarmName"].endswith("-not-running")]
    return [
        _fact(
            "an application without a pod rings, and so does one of which nothing is told",
            bool(running) and all(alarm["TreatMissingData"] == "breaching" for alarm in running),
            [alarm["AlarmName"] for alarm in running],
        ),
        _fact("there are alarms", len(alarms) >= 7, len(alarms)),
        _fact("every alarm tells a topic", all(alarm["AlarmActions"] for alarm in alarms)),
        _fact("somebody is told by mail, in prod", bool(heard) == (environment == "prod"), told),
        _fact("every alarm links its runbook", all(".md#" in alarm["AlarmDescription"] for alarm in alarms)),
    ]


def _secrets(port: int, environment: str) -> list[Fact]:
    entries = {"staging": "my-app/staging", "prod": "my-app/production"}
    if environment not in entries:
        return []
    manager, path = client(port, "secretsmanager"), entries[environment]
    value = {
        name: json.loads(manager.get_secret_value(SecretId=f"{path}/{name}")["SecretString"])
        for name in ("database", "api", "ui")
    }
    return [
        _fact(
            "the entry of the database has where it answers",
            {"host", "port", "dbname"} <= value["database"].keys(),
        ),
        _fact("the entry of the database has no password", "password" not in value["database"]),
        _fact("the key of the API is random", len(value["api"].get("key", "")) >= 32),
        _fact("no two random values are the same", value["api"].get("key") != value["ui"].get("password")),
    ]


def _unusual_cost(port: int, name: str) -> Fact:
    found = client(port, "ce").get_anomaly_subscriptions()["AnomalySubscriptions"]
    told = [
        (subscriber["Address"], one["MonitorArnList"])
        for one in found
        for subscriber in one["Subscribers"]
        if subscriber["Address"].endswith(f":{name}-alarms")
    ]
    return _fact("unusual cost is told to the alarms' topic", bool(told) and all(told[0]), told)
