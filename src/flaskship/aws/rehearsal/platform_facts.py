"""Facts of the platform: the cluster, its nodes, its add-ons, and who takes which role on."""

import json
from typing import Any

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.balancer_facts import balancer_facts
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.permissions import trusts_alone
from flaskship.aws.rehearsal.role_facts import role_facts

LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
ADDONS = (
    "vpc-cni",
    "kube-proxy",
    "coredns",
    "metrics-server",
    "aws-ebs-csi-driver",
    "amazon-cloudwatch-observability",
)


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
        found += _machines(client(port, "ec2"), name, group)
    found += [_addon(eks, name, addon) for addon in ADDONS]
    found += [_observability(eks, name), _administrators(eks, name), _passed_on(iam, name)]
    found += role_facts(port, "platform", name)
    found += _roles(iam, name, issuer_of(cluster))
    found += balancer_facts(iam, name)
    return found


def _fact(says: str, holds: bool, seen: object = "") -> Fact:
    return Fact("platform", says, bool(holds), str(seen))


def _addon(eks: Any, cluster: str, addon: str) -> Fact:
    there = eks.describe_addon(clusterName=cluster, addonName=addon)["addon"]
    return _fact(f"the add-on {addon} is there (a double answers)", there["status"] == "ACTIVE")


def _observability(eks: Any, cluster: str) -> Fact:
    """Ask for what the agent is told: Container Insights, Application Signals, and no logs of containers."""
    addon = eks.describe_addon(clusterName=cluster, addonName="amazon-cloudwatch-observability")["addon"]
    told = json.loads(addon.get("configurationValues") or "{}")
    agent = told.get("agent", {}).get("config", {})
    collected = agent.get("logs", {}).get("metrics_collected", {})
    return _fact(
        "CloudWatch's agent takes Container Insights, figures and traces of applications, and no logs",
        told.get("containerLogs") == {"enabled": False}
        and collected.get("kubernetes", {}).get("enhanced_container_insights") is True
        and "application_signals" in collected
        and "application_signals" in agent.get("traces", {}).get("traces_collected", {}),
        told,
    )


def _administrators(eks: Any, cluster: str) -> Fact:
    who = f"arn:aws:iam::{ACCOUNT}:role/administrators"
    entry = eks.describe_access_entry(clusterName=cluster, principalArn=who)["accessEntry"]
    policies = eks.list_associated_access_policies(clusterName=cluster, principalArn=who)
    given = [one["policyArn"].rsplit("/", 1)[-1] for one in policies["associatedAccessPolicies"]]
    return _fact(
        "administrators enter as such, by an access entry (a double answers)",
        given == ["AmazonEKSClusterAdminPolicy"] and not entry["kubernetesGroups"],
        given,
    )


def _passed_on(iam: Any, cluster: str) -> Fact:
    role = f"{cluster}-karpenter"
    document = iam.get_role_policy(RoleName=role, PolicyName="nodes")["PolicyDocument"]
    passing = [one for one in document["Statement"] if "iam:PassRole" in one["Action"]]
    given = [one["Resource"] for one in passing]
    nodes = f"arn:aws:iam::{ACCOUNT}:role/{cluster}-nodes"
    return _fact(
        "Karpenter gives machines the nodes' role and no other", given in ([nodes], [[nodes]]), given
    )


def _machines(ec2: Any, cluster: str, group: str) -> list[Fact]:
    template = f"{cluster}-{group}"
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=template, Versions=["$Latest"])
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    metadata = data.get("MetadataOptions", {})
    disks = [one["Ebs"] for one in data.get("BlockDeviceMappings", ())]
    return [
        _fact(
            f"nodes {group} give no pod their role: tokens, and one hop",
            metadata.get("HttpTokens") == "required" and metadata.get("HttpPutResponseHopLimit") == 1,
            metadata,
        ),
        _fact(
            f"nodes {group} have encrypted gp3 disks",
            bool(disks) and all(one.get("Encrypted") and one.get("VolumeType") == "gp3" for one in disks),
            disks,
        ),
    ]


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
