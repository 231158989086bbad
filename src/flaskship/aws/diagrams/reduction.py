"""The stacks of an environment, reduced to what the picture of its infrastructure shows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flaskship.aws.diagrams.catalogue import known
from flaskship.aws.diagrams.model import Cluster, Database, Infrastructure, Item, Nodes, Role
from flaskship.aws.diagrams.network import network_of
from flaskship.aws.diagrams.resources import Resource, of_kind
from flaskship.model.errors import ConfigurationError

_ACCOUNT = re.compile(r"\b\d{12}\b")


def reduce(environment: str, stacks: Mapping[str, Sequence[Resource]]) -> Infrastructure:
    """Return what is drawn; ConfigurationError names a resource of a kind that nobody has decided about."""
    found = [one for stack in stacks.values() for one in stack]
    for one in found:
        known(one.kind, one.address)
    network = network_of(stacks["network"])
    zones = _zones(stacks["network"])
    return Infrastructure(
        environment=environment,
        network=network,
        cluster=_cluster(found, zones),
        database=_database(found, zones),
        items=tuple(sorted(_items(found), key=lambda one: (one.service, one.stack, one.text))),
        roles=tuple(_role(one) for one in of_kind(found, "aws_iam_role")),
        resources=tuple((name, len(stack)) for name, stack in stacks.items()),
    )


def _zones(network: Sequence[Resource]) -> dict[str, str]:
    """Id of a subnet to its zone, in the form that later stacks are told, too."""
    zones = {one.id: str(one.values["availability_zone"]) for one in of_kind(network, "aws_subnet")}
    return zones | {f"subnet-{one}": zone for one, zone in zones.items()}


def _the_one(found: Sequence[Resource], kind: str) -> Resource:
    some = of_kind(found, kind)
    if len(some) != 1:
        raise ConfigurationError(
            f"{len(some)} resources of the kind {kind} are there, and the picture shows one"
        )
    return some[0]


def _cluster(found: Sequence[Resource], zones: Mapping[str, str]) -> Cluster:
    cluster = _the_one(found, "aws_eks_cluster")
    vpc = cluster.nested("vpc_config")
    facts = [
        "API reachable from the internet, from named ranges"
        if vpc.get("endpoint_public_access")
        else "API reachable inside the VPC alone"
    ]
    if cluster.values.get("encryption_config"):
        facts.append("secrets encrypted with a KMS key")
    if logs := cluster.values.get("enabled_cluster_log_types"):
        facts.append(f"logs: {', '.join(sorted(_words(one) for one in logs))}")
    queue = [str(one.values["name"]) for one in of_kind(found, "aws_sqs_queue")]
    events = [one.key or one.label for one in of_kind(found, "aws_cloudwatch_event_rule")]
    return Cluster(
        name=str(cluster.values["name"]),
        version=str(cluster.values["version"]),
        facts=tuple(facts),
        nodes=tuple(_nodes(one, found, zones) for one in of_kind(found, "aws_eks_node_group")),
        addons=tuple(sorted(str(one.values["addon_name"]) for one in of_kind(found, "aws_eks_addon"))),
        charts=tuple(
            f"{one.values['name']} {one.values['version']}".strip() for one in of_kind(found, "helm_release")
        ),
        karpenter=tuple(f"{one} (SQS): {', '.join(events)}" for one in queue),
    )


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda one: f" {one[1].lower()}", name)


def _nodes(group: Resource, found: Sequence[Resource], zones: Mapping[str, str]) -> Nodes:
    size = group.nested("scaling_config")
    templates = [one for one in of_kind(found, "aws_launch_template") if one.module == group.module]
    disk: Mapping[str, Any] = {}
    if templates and (blocks := templates[0].nested("block_device_mappings").get("ebs")):
        disk = blocks[0]
    kept = "encrypted " if str(disk.get("encrypted")) == "true" else ""
    return Nodes(
        name=str(group.values["node_group_name_prefix"]).rstrip("-"),
        capacity=str(group.values["capacity_type"]),
        types=tuple(group.values["instance_types"]),
        smallest=int(size.get("min_size", 0)),
        largest=int(size.get("max_size", 0)),
        disk=f"{kept}{disk['volume_type']} {disk['volume_size']} GiB" if disk else "",
        zones=tuple(sorted(zones.get(one, one) for one in group.values["subnet_ids"])),
    )


def _database(found: Sequence[Resource], zones: Mapping[str, str]) -> Database:
    database = _the_one(found, "aws_db_instance")
    values = database.values
    parameters = [
        parameter
        for group in of_kind(found, "aws_db_parameter_group")
        for parameter in group.values["parameter"]
    ]
    subnets = [one for group in of_kind(found, "aws_db_subnet_group") for one in group.values["subnet_ids"]]
    forced = any(one["name"] == "rds.force_ssl" and one["value"] == "1" for one in parameters)
    facts = (
        (forced, "TLS forced"),
        (values.get("storage_encrypted"), "encrypted with a KMS key"),
        (values.get("manage_master_user_password"), "password made and rotated by RDS"),
        (True, f"backups kept {values['backup_retention_period']} days"),
        (values.get("deletion_protection"), "protected from deletion"),
        (values.get("performance_insights_enabled"), "Performance Insights"),
        (not values.get("publicly_accessible"), "no public address"),
    )
    return Database(
        name=str(values["identifier"]),
        engine=f"PostgreSQL {values['engine_version']}",
        size=f"{values['instance_class']}, {values['storage_type']} {values['allocated_storage']} to "
        f"{values['max_allocated_storage']} GiB",
        facts=tuple(text for holds, text in facts if holds),
        zones=tuple(sorted({zones.get(one, one) for one in subnets})),
        spread=bool(values["multi_az"]),
    )


def _role(role: Resource) -> Role:
    described = str(role.values.get("description") or "")
    return Role(role.stack, str(role.values["name"]), described or _named_for(role))


def _named_for(role: Resource) -> str:
    return role.label.replace("_", " ").capitalize()


def _plain(text: str) -> str:
    return _ACCOUNT.sub("ACCOUNT", text)


Line = Callable[[Resource], str]


def _named(field: str = "name") -> Line:
    return lambda one: _plain(str(one.values[field]))


def _repository(one: Resource) -> str:
    scanned = ", scanned on push" if one.nested("image_scanning_configuration").get("scan_on_push") else ""
    return f"{one.values['name']}: tags {one.values['image_tag_mutability'].lower()}{scanned}"


def _group(one: Resource) -> str:
    return f"{one.values['name']}, {one.values['retention_in_days']} days"


def _certificate(one: Resource) -> str:
    others = one.values.get("subject_alternative_names") or ()
    names = ", ".join(sorted({one.values["domain_name"], *others}))
    return f"{names}: proved by {one.values['validation_method']}"


def _budget(one: Resource) -> str:
    values = one.values
    return f"budget: {values['limit_amount']} {values['limit_unit']} {values['time_unit'].lower()}"


def _monitor(one: Resource) -> str:
    what = one.values.get("monitor_dimension") or "tag"
    return f"unusual cost of {one.values['name']}, by {str(what).lower()}"


def _feature(one: Resource) -> str:
    return str(one.values["name"]).lower().replace("_", " ").replace("eks", "EKS")


def _sampled(one: Resource) -> str:
    rate, path = float(one.values["fixed_rate"]), str(one.values["url_path"])
    return f"{rate:.0%} of {'all other requests' if path == '*' else path} traced"


def _issuer(one: Resource) -> str:
    host = str(one.values["url"]).removeprefix("https://").split("/")[0]
    return f"trusts tokens of {host}"


_ITEMS: dict[str, tuple[str, Line]] = {
    "aws_acm_certificate": ("certificates", _certificate),
    "aws_route53_record": ("certificates", lambda one: f"record of proof for {one.key}"),
    "aws_s3_bucket": ("buckets", _named("bucket")),
    "aws_ecr_repository": ("images", _repository),
    "aws_ecr_registry_scanning_configuration": (
        "images",
        lambda one: f"whole registry: {str(one.values['scan_type']).lower()} scanning",
    ),
    "aws_secretsmanager_secret": ("secrets", _named()),
    "aws_ssm_parameter": ("parameters", _named()),
    "aws_kms_key": ("keys", _named("description")),
    "aws_cloudwatch_log_group": ("logs", _group),
    "aws_cloudwatch_log_metric_filter": ("metrics", lambda one: one.nested("metric_transformation")["name"]),
    "aws_cloudwatch_metric_alarm": ("alarms", lambda one: one.key),
    "aws_cloudwatch_dashboard": ("dashboards", _named("dashboard_name")),
    "aws_cloudwatch_query_definition": ("queries", _named()),
    "aws_sns_topic": ("topics", _named()),
    "aws_xray_group": ("tracing", lambda one: f"group {one.values['group_name']}"),
    "aws_xray_sampling_rule": ("tracing", _sampled),
    "aws_guardduty_detector": ("detection", lambda _: "GuardDuty"),
    "aws_guardduty_detector_feature": ("detection", lambda one: f"GuardDuty: {_feature(one)}"),
    "aws_securityhub_account": ("detection", lambda _: "Security Hub"),
    "aws_securityhub_standards_subscription": (
        "detection",
        lambda one: f"Security Hub: {one.key.split('/')[0].replace('-', ' ')}",
    ),
    "aws_budgets_budget": ("cost", _budget),
    "aws_ce_anomaly_monitor": ("cost", _monitor),
    "aws_ebs_encryption_by_default": ("account", lambda _: "new disks are encrypted"),
    "aws_s3_account_public_access_block": ("account", lambda _: "no bucket can be made public"),
    "aws_iam_openid_connect_provider": ("identity", _issuer),
}


def _items(found: Sequence[Resource]) -> Iterator[Item]:
    for one in found:
        if one.kind in _ITEMS:
            service, line = _ITEMS[one.kind]
            yield Item(service, one.stack, line(one))
