"""The API server after its corrections, asked as Terraform asks it."""

import subprocess
import sys

SCRIPT = """
from flaskship.aws.doubles.corrections import CORRECTIONS, correct
assert correct() == CORRECTIONS
from datetime import UTC, datetime
from moto.guardduty.models import Detector
from moto.s3.models import FakeBucket

detector = Detector("1", "us-west-2", datetime.now(UTC), "SIX_HOURS", True, {}, {}, [])
for name in ("EKS_AUDIT_LOGS", "RUNTIME_MONITORING", "EKS_AUDIT_LOGS"):
    detector.update(None, None, None, [{"name": name, "status": "ENABLED"}])
print([one["name"] for one in detector.features])
agents = [one["name"] for one in detector.features[1]["additionalConfiguration"]]
assert agents == ["EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"], agents
assert "additionalConfiguration" not in detector.features[0]
bucket = FakeBucket("b", "1", "us-west-2")
bucket.policy = b'{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}'
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.models.security_groups import SecurityGroupRule

source = {"GroupId": "sg-1", "Description": "nodes"}
rule = SecurityGroupRule(None, "-1", "sg-2", None, None, None, source_group=source)
assert rule.description == "nodes", rule.description
tags = [{"ResourceType": kind, "Tags": []} for kind in ("instance", "launch-template")]
version = LaunchTemplateVersion(None, 1, {"TagSpecifications": tags}, "")
assert [one["ResourceType"] for one in version.data["TagSpecifications"]] == ["instance"]
print(bucket.get_permission("s3:GetObject", "arn:aws:s3:::b/o").name)
"""


def test_features_add_up_and_policies_are_stored_alone() -> None:
    # In a process of its own: the corrections stay for its life.
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=120
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.split("\n")[:2] == ["['EKS_AUDIT_LOGS', 'RUNTIME_MONITORING']", "NEUTRAL"]
