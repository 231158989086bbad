"""Changes behind Terraform's back, each of a kind that happens: by hand, in a hurry, in the console."""

from collections.abc import Callable
from dataclasses import dataclass

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client

KUBELET = 10250


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed, and the address of the resource that the next plan must name."""

    change: str
    resource: str
    gone: bool = False
    """Whether the resource is not there any more: a destroy must look before it deletes."""


def inject(port: int, environment: str, stack: str) -> tuple[Change, ...]:
    """Change something of an applied stack and return what the next plan must find."""
    doer = CHANGES.get(stack)
    return doer(port, f"my-app-{environment}", environment) if doer else ()


def _network(port: int, name: str, _environment: str) -> tuple[Change, ...]:
    ec2 = client(port, "ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"][0]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{name}-database"]}])
    group = groups["SecurityGroups"][0]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ],
    )
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{name}-nodes"]}])
    nodes = groups["SecurityGroups"][0]["GroupId"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [nodes]}])
    kubelet = next(rule for rule in rules["SecurityGroupRules"] if rule.get("FromPort") == KUBELET)
    ec2.revoke_security_group_ingress(GroupId=nodes, SecurityGroupRuleIds=[kubelet["SecurityGroupRuleId"]])
    return (
        Change("DNS host names of the VPC were switched off", "module.network.aws_vpc.this"),
        Change(
            "the database was opened to the internet", "module.security_groups.aws_security_group.database"
        ),
        Change(
            "the control plane's way to the nodes was taken away",
            "module.security_groups.aws_vpc_security_group_ingress_rule.nodes_kubelet",
            gone=True,
        ),
    )


def _platform(port: int, name: str, _environment: str) -> tuple[Change, ...]:
    iam = client(port, "iam")
    managed = "arn:aws:iam::aws:policy/"
    iam.detach_role_policy(RoleName=f"{name}-nodes", PolicyArn=f"{managed}AmazonEC2ContainerRegistryPullOnly")
    iam.attach_role_policy(RoleName=f"{name}-nodes", PolicyArn=f"{managed}AmazonSSMManagedInstanceCore")
    return (
        Change(
            "a policy of the nodes was detached",
            'aws_iam_role_policy_attachment.nodes["AmazonEC2ContainerRegistryPullOnly"]',
        ),
        Change("the nodes may read every parameter", "aws_iam_role_policy_attachments_exclusive.nodes"),
    )


def _app(port: int, _name: str, environment: str) -> tuple[Change, ...]:
    s3, iam = client(port, "s3"), client(port, "iam")
    s3.put_bucket_versioning(
        Bucket=f"my-app-bucket-{environment}-{ACCOUNT}", VersioningConfiguration={"Status": "Suspended"}
    )
    iam.put_role_policy(
        RoleName="my-app-eks-pod-role",
        PolicyName="parameters",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    )
    iam.attach_role_policy(
        RoleName="my-app-eks-pod-role", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    iam.put_role_policy(
        RoleName="my-app-eks-pod-role",
        PolicyName="for-a-moment",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
    )
    return (
        Change(
            "a policy of administrators was attached to the pods' role",
            "module.pods_role.aws_iam_role_policy_attachments_exclusive.this",
        ),
        Change(
            "a policy was added to the pods' role", "module.pods_role.aws_iam_role_policies_exclusive.this"
        ),
        Change("versions of the bucket were suspended", "module.bucket.aws_s3_bucket_versioning.this"),
        Change(
            "the pods' role was given everything", 'module.pods_role.aws_iam_role_policy.this["parameters"]'
        ),
    )


def _account(port: int, _name: str, _environment: str) -> tuple[Change, ...]:
    client(port, "ec2").disable_ebs_encryption_by_default()
    client(port, "iam").attach_role_policy(
        RoleName="my-app-github-images", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    return (
        Change("encryption of new disks was switched off", "aws_ebs_encryption_by_default.this"),
        Change(
            "whoever builds images was made an administrator",
            'aws_iam_role_policy_attachments_exclusive.github["images"]',
        ),
    )


CHANGES: dict[str, Callable[[int, str, str], tuple[Change, ...]]] = {
    "account": _account,
    "network": _network,
    "platform": _platform,
    "app": _app,
}
