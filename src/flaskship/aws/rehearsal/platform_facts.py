"""Facts of the account and of the platform."""

from typing import Any

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.balancer_facts import balancer_facts
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.permissions import trusts, trusts_alone

LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
SIGNALS = "/aws/application-signals/data"
"""The group that CloudWatch's agent writes what Application Signals counts to: one for an account."""

ADDONS = (
    "vpc-cni",
    "kube-proxy",
    "coredns",
    "metrics-server",
    "aws-ebs-csi-driver",
    "amazon-cloudwatch-observability",
)


def account_facts(port: int, _environment: str) -> list[Fact]:
    """Ask for what the account has once."""

    def fact(says: str, holds: bool, seen: object = "") -> Fact:
        return Fact("account", says, bool(holds), str(seen))

    iam, guard, ec2 = client(port, "iam"), client(port, "guardduty"), client(port, "ec2")
    detector = guard.get_detector(DetectorId=guard.list_detectors()["DetectorIds"][0])
    features = {one["Name"]: one["Status"] for one in detector.get("Features", ())}
    runtime: dict[str, Any] = next(
        (one for one in detector.get("Features", ()) if one["Name"] == "RUNTIME_MONITORING"), {}
    )
    agents = {one["Name"] for one in runtime.get("AdditionalConfiguration", ()) if one["Status"] == "ENABLED"}
    config = client(port, "config")
    recorders = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    channels = config.describe_delivery_channels()["DeliveryChannels"]
    signals = client(port, "logs").describe_log_groups(logGroupNamePrefix=SIGNALS)["logGroups"]
    provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    trust = iam.get_role(RoleName="my-app-github-deploy-prod")["Role"]["AssumeRolePolicyDocument"]
    prefix = "token.actions.githubusercontent.com:"

    def lets(subject: str) -> bool:
        return trusts(trust, provider, {f"{prefix}sub": subject, f"{prefix}aud": "sts.amazonaws.com"})

    return [
        fact("GuardDuty is on", detector["Status"] == "ENABLED", detector["Status"]),
        fact("GuardDuty watches EKS audit logs", features.get("EKS_AUDIT_LOGS") == "ENABLED", features),
        fact("GuardDuty watches EKS at run time", features.get("RUNTIME_MONITORING") == "ENABLED", features),
        fact(
            "GuardDuty manages the agent of EKS and no other",
            agents == {"EKS_ADDON_MANAGEMENT"},
            sorted(agents),
        ),
        fact(
            "AWS Config records and delivers what Security Hub judges",
            [one["recording"] for one in recorders] == [True] and len(channels) == 1,
            recorders,
        ),
        fact(
            "what Application Signals keeps is Terraform's, with an end",
            [one.get("retentionInDays") for one in signals] == [90],
            signals,
        ),
        fact("new disks are encrypted", ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]),
        fact(
            "production's workflow takes its role on",
            lets("repo:example@123456/my-app@456789:environment:prod"),
        ),
        fact(
            "a branch does not, nor another environment, nor a repository of the same name",
            not any(
                lets(subject)
                for subject in (
                    "repo:example@123456/my-app@456789:ref:refs/heads/main",
                    "repo:example@123456/my-app@456789:environment:dev",
                    "repo:example@999/my-app@998:environment:prod",
                    "repo:example/my-app:environment:prod",
                )
            ),
        ),
    ]


def platform_facts(port: int, environment: str) -> list[Fact]:
    """Ask for the cluster, its nodes and the roles of the platform."""
    name = f"my-app-{environment}"
    eks, iam = client(port, "eks"), client(port, "iam")
    cluster = eks.describe_cluster(name=name)["cluster"]
    logs = {kind for one in cluster["logging"]["clusterLogging"] if one["enabled"] for kind in one["types"]}
    found = [
        _fact("all five logs of the control plane are on", logs == LOGS, sorted(logs)),
        _fact(
            "secrets are encrypted by a key of ours",
            cluster["encryptionConfig"][0]["resources"] == ["secrets"],
        ),
        _fact("the API server is private", not cluster["resourcesVpcConfig"]["endpointPublicAccess"]),
    ]
    for group, capacity in (("on-demand", "ON_DEMAND"), ("spot", "SPOT")):
        names = [one for one in eks.list_nodegroups(clusterName=name)["nodegroups"] if one.startswith(group)]
        nodes = [eks.describe_nodegroup(clusterName=name, nodegroupName=one)["nodegroup"] for one in names]
        found.append(
            _fact(f"nodes {group} are {capacity}", [one["capacityType"] for one in nodes] == [capacity])
        )
        versions = [one.get("version") for one in nodes]
        found.append(
            _fact(f"nodes {group} have the cluster's version", versions == [cluster["version"]], versions)
        )
    found += [_addon(eks, name, addon) for addon in ADDONS]
    found += _roles(iam, name, issuer_of(cluster))
    found += balancer_facts(iam, name)
    return found


def _fact(says: str, holds: bool, seen: object = "") -> Fact:
    return Fact("platform", says, bool(holds), str(seen))


def _addon(eks: Any, cluster: str, addon: str) -> Fact:
    there = eks.describe_addon(clusterName=cluster, addonName=addon)["addon"]
    return _fact(f"the add-on {addon} is there (a double answers)", there["status"] == "ACTIVE")


def issuer_of(cluster: dict[str, Any]) -> str:
    """Return the issuer of a cluster's tokens, as conditions name it."""
    return str(cluster["identity"]["oidc"]["issuer"]).removeprefix("https://")


def _roles(iam: Any, name: str, issuer: str) -> list[Fact]:
    accounts = {
        "load-balancer-controller": "kube-system:aws-load-balancer-controller",
        "argo-rollouts": "argo-rollouts:argo-rollouts",
        "collector": "observability:collector",
        "karpenter": "kube-system:karpenter",
        "ebs-csi": "kube-system:ebs-csi-controller-sa",
        "cloudwatch-agent": "amazon-cloudwatch:cloudwatch-agent",
    }
    found = []
    for role, account in accounts.items():
        trust = iam.get_role(RoleName=f"{name}-{role}")["Role"]["AssumeRolePolicyDocument"]
        alone = trusts_alone(trust, issuer, {f"system:serviceaccount:{account}"})
        found.append(_fact(f"role {role} is {account}'s alone", alone, trust))
    return found
