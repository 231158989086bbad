"""Which kinds of resources a picture shows, and why it leaves out the others; any other is refused."""

from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

# Kind to where it is seen.
DRAWN = {
    "aws_acm_certificate": "card of certificates",
    "aws_budgets_budget": "card of cost",
    "aws_ce_anomaly_monitor": "card of cost",
    "aws_cloudwatch_dashboard": "card of CloudWatch",
    "aws_cloudwatch_event_rule": "Karpenter's queue",
    "aws_cloudwatch_log_group": "card of CloudWatch",
    "aws_cloudwatch_log_metric_filter": "card of CloudWatch",
    "aws_cloudwatch_metric_alarm": "card of CloudWatch",
    "aws_cloudwatch_query_definition": "card of CloudWatch",
    "aws_db_instance": "database",
    "aws_db_parameter_group": "database: TLS",
    "aws_db_subnet_group": "database: its zones",
    "aws_ebs_encryption_by_default": "card of the account",
    "aws_ecr_registry_scanning_configuration": "card of images",
    "aws_ecr_repository": "card of images",
    "aws_eks_addon": "cluster",
    "aws_eks_cluster": "cluster",
    "aws_eks_node_group": "nodes",
    "aws_flow_log": "network: where flow logs go",
    "aws_guardduty_detector": "card of detection",
    "aws_guardduty_detector_feature": "card of detection",
    "aws_iam_openid_connect_provider": "roles: who vouches for whoever takes them on",
    "aws_iam_role": "card of roles",
    "aws_internet_gateway": "network",
    "aws_kms_key": "card of keys",
    "aws_launch_template": "nodes: disk",
    "aws_nat_gateway": "network",
    "aws_route": "network: the way out of a subnet",
    "aws_route53_record": "card of certificates",
    "aws_route_table": "network: the way out of a subnet",
    "aws_route_table_association": "network: the way out of a subnet",
    "aws_s3_account_public_access_block": "card of the account",
    "aws_s3_bucket": "card of buckets",
    "aws_secretsmanager_secret": "card of secrets",
    "aws_security_group": "network: groups",
    "aws_securityhub_account": "card of detection",
    "aws_securityhub_standards_subscription": "card of detection",
    "aws_sns_topic": "card of alarms",
    "aws_sqs_queue": "Karpenter's queue",
    "aws_ssm_parameter": "card of parameters",
    "aws_subnet": "network",
    "aws_vpc": "network",
    "aws_vpc_endpoint": "network",
    "aws_vpc_security_group_egress_rule": "network: what a group may reach",
    "aws_vpc_security_group_ingress_rule": "network: arrows between groups",
    "aws_xray_group": "card of tracing",
    "aws_xray_sampling_rule": "card of tracing",
    "helm_release": "cluster: its platform",
}

# Kind to the reason.
NOT_DRAWN = {
    "aws_acm_certificate_validation": "waits for the certificate's proof and is nothing by itself",
    "aws_ce_anomaly_subscription": "the monitor is drawn; this is its arrow to the topic of alarms",
    "aws_ce_cost_allocation_tag": "settings of the bill, in the one account that may",
    "aws_cloudwatch_event_target": "the rule is drawn with the queue that it writes to",
    "aws_config_configuration_recorder": "records what Security Hub judges, which is drawn",
    "aws_config_configuration_recorder_status": "the recorder's switch",
    "aws_config_delivery_channel": "the recorder's way to its bucket, which is drawn",
    "aws_default_security_group": "closed: whoever forgets to name a group reaches nothing",
    "aws_ecr_lifecycle_policy": "settings of the repository",
    "aws_ecr_repository_policy": "settings of the repository: which other accounts pull",
    "aws_eip": "the address of a NAT gateway, which is drawn",
    "aws_eks_access_entry": "who may sign in to the cluster, a list of people and roles",
    "aws_eks_access_policy_association": "what those may do in it",
    "aws_iam_role_policies_exclusive": "that a role has the rights of the code alone",
    "aws_iam_role_policy": "the rights of a role, too many for a picture: the code is the better list",
    "aws_iam_role_policy_attachment": "the same",
    "aws_iam_role_policy_attachments_exclusive": "that a role has the rights of the code alone",
    "aws_iam_service_linked_role": "a role that AWS makes and takes on by itself",
    "aws_kms_alias": "a name of a key, which is drawn",
    "aws_s3_bucket_lifecycle_configuration": "settings of the bucket",
    "aws_s3_bucket_ownership_controls": "settings of the bucket",
    "aws_s3_bucket_policy": "settings of the bucket",
    "aws_s3_bucket_public_access_block": "settings of the bucket: every one is closed",
    "aws_s3_bucket_server_side_encryption_configuration": "settings of the bucket: every one is encrypted",
    "aws_s3_bucket_versioning": "settings of the bucket: every one keeps versions",
    "aws_secretsmanager_secret_version": "the value of a secret, which is drawn",
    "aws_sns_topic_policy": "who may write to the topic",
    "aws_sns_topic_subscription": "addresses of people",
    "aws_sqs_queue_policy": "who may write to the queue",
    "terraform_data": "refuses a destroy by mistake, in Terraform alone: nothing at AWS",
}


def known(kind: str, address: str, location: Location | None = None) -> bool:
    """Tell whether a kind is drawn; ConfigurationError where nobody has decided that."""
    if kind in DRAWN:
        return True
    if kind in NOT_DRAWN:
        return False
    raise ConfigurationError(
        f"{address}: resources of the kind {kind} are neither drawn nor left out with a reason",
        location=location,
        hint="draw them (aws/diagrams/reduction.py), or say in catalogue.py beside it why no picture does",
    )
