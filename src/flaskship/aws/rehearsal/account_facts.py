"""Facts of what an account has once: its states, who deploys, who watches."""

from typing import Any

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.bucket_facts import bucket_facts
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.permissions import trusts
from flaskship.aws.rehearsal.role_facts import role_facts
from flaskship.aws.rehearsal.stacks import REGION

SIGNALS = "/aws/application-signals/data"
"""The group that CloudWatch's agent writes what Application Signals counts to: one for an account."""

STANDARD = f"arn:aws:securityhub:{REGION}::standards/aws-foundational-security-best-practices/v/1.0.0"


def bootstrap_facts(port: int, _environment: str) -> list[Fact]:
    """Ask for the bucket that all states live in."""
    return bucket_facts(
        port, "bootstrap", f"my-app-terraform-state-{ACCOUNT}", "the bucket of states", key=True
    )


def account_facts(port: int, environment: str) -> list[Fact]:
    """Ask for what the account has once."""
    iam, ec2 = client(port, "iam"), client(port, "ec2")
    signals = client(port, "logs").describe_log_groups(logGroupNamePrefix=SIGNALS)["logGroups"]
    signals_role = iam.get_role(RoleName="AWSServiceRoleForCloudWatchApplicationSignals")["Role"]
    scanning = client(port, "ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    return [
        *_watching(port),
        _fact(
            "what Application Signals keeps is Terraform's, with an end",
            [one.get("retentionInDays") for one in signals] == [90],
            signals,
        ),
        _fact(
            "Application Signals has its role",
            signals_role["Path"].startswith("/aws-service-role/"),
            signals_role,
        ),
        _fact("new disks are encrypted", ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]),
        _fact("images are scanned for ever, by Inspector", scanning["scanType"] == "ENHANCED", scanning),
        *_github(iam),
        *bucket_facts(port, "account", f"my-app-configuration-{ACCOUNT}", "the bucket of AWS Config"),
        *role_facts(port, "account", f"my-app-{environment}"),
    ]


def _fact(says: str, holds: bool, seen: object = "") -> Fact:
    return Fact("account", says, bool(holds), str(seen))


def _watching(port: int) -> list[Fact]:
    guard, config = client(port, "guardduty"), client(port, "config")
    detector = guard.get_detector(DetectorId=guard.list_detectors()["DetectorIds"][0])
    features = {one["Name"]: one["Status"] for one in detector.get("Features", ())}
    runtime: dict[str, Any] = next(
        (one for one in detector.get("Features", ()) if one["Name"] == "RUNTIME_MONITORING"), {}
    )
    agents = {one["Name"] for one in runtime.get("AdditionalConfiguration", ()) if one["Status"] == "ENABLED"}
    recorders = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    channels = config.describe_delivery_channels()["DeliveryChannels"]
    standards = client(port, "securityhub").get_enabled_standards()["StandardsSubscriptions"]
    judged = [one["StandardsArn"] for one in standards]
    return [
        _fact("GuardDuty is on", detector["Status"] == "ENABLED", detector["Status"]),
        _fact("GuardDuty watches EKS audit logs", features.get("EKS_AUDIT_LOGS") == "ENABLED", features),
        _fact("GuardDuty watches EKS at run time", features.get("RUNTIME_MONITORING") == "ENABLED", features),
        _fact(
            "GuardDuty manages the agent of EKS and no other",
            agents == {"EKS_ADDON_MANAGEMENT"},
            sorted(agents),
        ),
        _fact(
            "AWS Config records and delivers what Security Hub judges",
            [one["recording"] for one in recorders] == [True] and len(channels) == 1,
            recorders,
        ),
        _fact("Security Hub judges by AWS's foundations (a double answers)", judged == [STANDARD], judged),
    ]


def _github(iam: Any) -> list[Fact]:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    prefix = "token.actions.githubusercontent.com:"
    repository = "repo:example@123456/my-app@456789"

    def lets(role: str, subject: str) -> bool:
        trust = iam.get_role(RoleName=f"my-app-github-{role}")["Role"]["AssumeRolePolicyDocument"]
        return trusts(trust, provider, {f"{prefix}sub": subject, f"{prefix}aud": "sts.amazonaws.com"})

    strange = (
        f"{repository}:ref:refs/heads/main",
        f"{repository}:environment:dev",
        "repo:example@999/my-app@998:environment:prod",
        "repo:example/my-app:environment:prod",
    )
    of_branches = (f"{repository}:ref:refs/heads/feature", f"{repository}:pull_request", strange[2])
    return [
        _fact(
            "production's workflow takes its role on", lets("deploy-prod", f"{repository}:environment:prod")
        ),
        _fact(
            "a branch does not, nor another environment, nor a repository of the same name",
            not any(lets("deploy-prod", subject) for subject in strange),
        ),
        _fact("main pushes images", lets("images", f"{repository}:ref:refs/heads/main")),
        _fact(
            "another branch does not, nor a pull request, nor another repository",
            not any(lets("images", subject) for subject in of_branches),
        ),
    ]
