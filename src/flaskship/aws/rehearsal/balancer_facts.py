"""Facts of the load balancer controller's role: what it asks of AWS for an Ingress, and what it may not."""

from collections.abc import Iterable
from typing import Any

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.permissions import allowed
from flaskship.aws.rehearsal.stacks import REGION

TAG = "elbv2.k8s.aws/cluster"
CREATE = "elasticloadbalancing:CreateAction"


def questions(cluster: str) -> Iterable[tuple[bool, str, str, dict[str, str]]]:
    """Return what the role may (True) and may not do: action, resource, context."""
    balancing = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
    balancer, group = f"{balancing}:loadbalancer/app/k8s/1", f"{balancing}:targetgroup/k8s/1"
    listener, rule = f"{balancing}:listener/app/k8s/1/2", f"{balancing}:listener-rule/app/k8s/1/2/3"
    own, sent = {f"aws:ResourceTag/{TAG}": cluster}, {f"aws:RequestTag/{TAG}": cluster}
    for making, made, asked, context in (
        ("CreateLoadBalancer", balancer, balancer, sent),
        ("CreateTargetGroup", group, group, sent),
        ("CreateListener", listener, balancer, sent | own),
        ("CreateRule", rule, listener, sent | own),
    ):
        yield True, f"elasticloadbalancing:{making}", asked, context
        # The controller sends tags with each making: AWS asks for them as AddTags on what is not there yet.
        yield True, "elasticloadbalancing:AddTags", made, sent | {CREATE: making}
        yield False, "elasticloadbalancing:AddTags", made, {CREATE: making}
        yield False, "elasticloadbalancing:AddTags", made, sent
    yield True, "elasticloadbalancing:SetSecurityGroups", balancer, own
    yield True, "elasticloadbalancing:DeleteListener", listener, own
    yield False, "elasticloadbalancing:CreateListener", balancer, sent
    yield False, "elasticloadbalancing:DeleteLoadBalancer", balancer, {f"aws:ResourceTag/{TAG}": "another"}
    yield False, "ec2:CreateSecurityGroup", "*", {}
    yield False, "ec2:AuthorizeSecurityGroupIngress", "*", {}


def balancer_facts(iam: Any, cluster: str) -> list[Fact]:
    """Read the role's policies back and evaluate them."""
    role = f"{cluster}-load-balancer-controller"
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    found = []
    for may, action, resource, context in questions(cluster):
        says = f"the load balancer controller {'may' if may else 'may not'} {action}"
        says += f" on {resource.split(':', 5)[-1]}" if resource != "*" else ""
        says += f" with {', '.join(f'{key}={value}' for key, value in context.items())}" if context else ""
        found.append(Fact("platform", says, allowed(documents, action, resource, context) == may))
    return found
