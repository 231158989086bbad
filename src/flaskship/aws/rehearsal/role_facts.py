"""What each role may, read back from IAM: managed policies, actions, and that there is no other role."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.outcome import Fact

STREAMS = frozenset({"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"})
LOOKS_FOR_IMAGES = frozenset(
    {"eks:DescribeCluster", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:DescribeImageScanFindings"}
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role is allowed: managed policies, actions of its own, and which of them on everything.

    None of actions says that questions elsewhere judge them (of the balancer, of the pods).
    """

    managed: frozenset[str] = frozenset()
    actions: frozenset[str] | None = frozenset()
    on_everything: frozenset[str] = frozenset()


def expected(stack: str, name: str) -> Mapping[str, Rights]:
    """Return every role of a stack, and its rights."""
    if stack == "account":
        deploy = {f"my-app-github-deploy-{one}": LOOKS_FOR_IMAGES for one in ("dev", "staging", "prod")}
        return {role: Rights(actions=actions) for role, actions in deploy.items()} | {
            "my-app-github-images": Rights(
                actions=frozenset(
                    {
                        "ecr:GetAuthorizationToken",
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:BatchGetImage",
                        "ecr:CompleteLayerUpload",
                        "ecr:DescribeImages",
                        "ecr:GetDownloadUrlForLayer",
                        "ecr:InitiateLayerUpload",
                        "ecr:PutImage",
                        "ecr:UploadLayerPart",
                    }
                ),
                on_everything=frozenset({"ecr:GetAuthorizationToken"}),
            )
        }
    if stack == "network":
        return {f"{name}-flow-logs": Rights(actions=STREAMS)}
    if stack == "app":
        return {"my-app-eks-pod-role": Rights(actions=None)}
    if stack != "platform":
        return {}
    looking = {"TargetGroups", "LoadBalancers", "Listeners", "Rules", "Tags", "TargetHealth"}
    describe = frozenset(f"elasticloadbalancing:Describe{one}" for one in looking)
    of_nodes = {"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"}
    return {
        f"{name}-cluster": Rights(frozenset({"AmazonEKSClusterPolicy"})),
        f"{name}-nodes": Rights(frozenset(of_nodes)),
        f"{name}-ebs-csi": Rights(frozenset({"AmazonEBSCSIDriverPolicy"})),
        f"{name}-cloudwatch-agent": Rights(
            frozenset({"CloudWatchAgentServerPolicy", "AWSXrayWriteOnlyAccess"})
        ),
        f"{name}-collector": Rights(actions=STREAMS),
        f"{name}-argo-rollouts": Rights(actions=describe, on_everything=describe),
        f"{name}-load-balancer-controller": Rights(actions=None),
        f"{name}-karpenter": Rights(actions=None),
    }


def role_facts(port: int, stack: str, name: str) -> list[Fact]:
    """Compare each role of a stack with what it is meant to be."""
    iam = client(port, "iam")
    roles = expected(stack, name)
    tags = {"Project": "my-app", "Stack": stack, "ManagedBy": "terraform"}
    if stack != "account":
        tags["Environment"] = name.removeprefix("my-app-")
    found = {role: _tags(iam, role) for role in roles}
    bare = sorted(role for role, there in found.items() if not tags.items() <= there.items())
    return [
        *(
            Fact(stack, f"role {role} has these rights and no other", seen == wanted, f"{seen}")
            for role, wanted in roles.items()
            for seen in [_seen(iam, role, judged=wanted.actions is not None)]
        ),
        Fact(stack, "its roles carry the tags of all", not bare, ", ".join(bare)),
    ]


def _tags(iam: Any, role: str) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in iam.list_role_tags(RoleName=role)["Tags"]}


def strangers(port: int, name: str, stacks: set[str]) -> Fact:
    """Look for roles that no stack is meant to make; those of AWS's services are AWS's."""
    known = {role for stack in stacks for role in expected(stack, name)}
    pages = client(port, "iam").get_paginator("list_roles").paginate()
    found = [role for page in pages for role in page["Roles"]]
    other = {one["RoleName"] for one in found if not one["Path"].startswith("/aws-service-role/")} - known
    return Fact("every stack", "there is no other role", not other, ", ".join(sorted(other)))


def _seen(iam: Any, role: str, *, judged: bool) -> Rights:
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    managed = frozenset(one["PolicyName"] for one in attached)
    if not judged:
        return Rights(managed, None)
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"] for one in names]
    allowing = [one for each in documents for one in _listed(each["Statement"]) if one["Effect"] == "Allow"]
    return Rights(
        managed,
        frozenset(action for one in allowing for action in _listed(one["Action"])),
        frozenset(a for one in allowing if "*" in _listed(one["Resource"]) for a in _listed(one["Action"])),
    )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
