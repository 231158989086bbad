"""What is left in the API is told, each kind, against the real API server of the rehearsal."""

import json
from pathlib import Path

import pytest

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.children import api_server
from flaskship.aws.rehearsal.instead import unanswered
from flaskship.aws.rehearsal.leftovers import KINDS, left

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_each_kind_of_leftover_is_told(tmp_path: Path) -> None:
    with api_server(tmp_path / "folder") as port:
        assert left(port) == ()
        ec2, kms = client(port, "ec2"), client(port, "kms")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        address = ec2.allocate_address(Domain="vpc")
        ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])
        client(port, "s3").create_bucket(
            Bucket="forgotten", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        role = client(port, "iam").create_role(RoleName="open", AssumeRolePolicyDocument=TRUST)["Role"]
        client(port, "secretsmanager").create_secret(Name="known", SecretString="x")
        client(port, "logs").create_log_group(logGroupName="/kept")
        client(port, "ecr").create_repository(repositoryName="images")
        client(port, "cloudwatch").put_metric_alarm(
            AlarmName="rings", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold"
        )
        client(port, "rds").create_db_instance(
            DBInstanceIdentifier="data", DBInstanceClass="db.t4g.micro", Engine="postgres",
            AllocatedStorage=20, MasterUsername="owner", MasterUserPassword="x" * 12,
        )  # fmt: skip
        client(port, "eks").create_cluster(
            name="runs", roleArn=role["Arn"], resourcesVpcConfig={"subnetIds": [subnet]}
        )
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        found = left(port)
        assert {kind for kind in KINDS if any(line.startswith(f"{kind} ") for line in found)} == KINDS.keys()
        assert {"bucket forgotten", "role open", "database data", f"network {vpc}"} <= set(found)
        # What waits for its end is on its way.
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        client(port, "secretsmanager").delete_secret(SecretId="known", RecoveryWindowInDays=7)
        assert not {f"key {key}", "secret known"} & set(left(port))


def test_no_proxy_of_the_shell_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with api_server(tmp_path / "folder") as port:
        assert left(port) == ()
        assert unanswered(port) == ()
