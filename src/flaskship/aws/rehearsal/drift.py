"""Changes behind Terraform's back, each of a kind that happens: by hand, in a hurry, in the console."""

from collections.abc import Callable
from dataclasses import dataclass

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client


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
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
    ingress = next(rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"])
    ec2.revoke_security_group_ingress(
        GroupId=group["GroupId"], SecurityGroupRuleIds=[ingress["SecurityGroupRuleId"]]
    )
    return (
        Change("DNS host names of the VPC were switched off", "module.network.aws_vpc.this"),
        Change(
            "the nodes' way to the database was taken away",
            "module.security_groups.aws_vpc_security_group_ingress_rule.database_from_nodes",
            gone=True,
        ),
    )


def _platform(port: int, name: str, _environment: str) -> tuple[Change, ...]:
    iam = client(port, "iam")
    policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    iam.detach_role_policy(RoleName=f"{name}-nodes", PolicyArn=policy)
    address = 'aws_iam_role_policy_attachment.nodes["AmazonSSMManagedInstanceCore"]'
    return (Change("a policy of the nodes was detached", address),)


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
    return (
        Change("versions of the bucket were suspended", "module.bucket.aws_s3_bucket_versioning.this"),
        Change(
            "the pods' role was given everything", 'module.pods_role.aws_iam_role_policy.this["parameters"]'
        ),
    )


def _account(port: int, _name: str, _environment: str) -> tuple[Change, ...]:
    client(port, "ec2").disable_ebs_encryption_by_default()
    return (Change("encryption of new disks was switched off", "aws_ebs_encryption_by_default.this"),)


CHANGES: dict[str, Callable[[int, str, str], tuple[Change, ...]]] = {
    "account": _account,
    "network": _network,
    "platform": _platform,
    "app": _app,
}
