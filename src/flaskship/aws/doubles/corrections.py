"""Where moto answers otherwise than AWS does, so that a second plan would see a change that nobody made."""

from typing import Any


def correct() -> tuple[str, ...]:
    """Correct moto in this process and return what was corrected, for the report."""
    _without_bucket_policies()
    _features_add_up()
    _rules_of_groups_are_described()
    _tags_of_a_template_are_its_own()
    _zones_begin_with_z()
    _application_signals_has_its_role()
    _databases_tell_their_insights()
    _set_parameters_are_the_users()
    return CORRECTIONS


CORRECTIONS = (
    "s3: bucket policies are stored and not enforced, because this server has no TLS to demand",
    "ec2: a rule whose source is a group has its description, too",
    "ec2: a launch template's own tags are not those of the instances that it starts",
    "route53: the id of a zone begins with Z",
    "iam: the role of Application Signals has the name that AWS gives it, without a suffix",
    "rds: an instance tells its Performance Insights",
    "rds: a parameter that was set has the user as its source",
    "guardduty: a feature that is switched on leaves the others as they are, and tells all that it manages",
    "eks: a cluster tells its access configuration, nodes their updates and no disk beside a template's",
)

AGENTS = {
    "RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"),
}


def _without_bucket_policies() -> None:
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def neutral(_bucket: Any, _action: str, _resource: str) -> PermissionResult:
        return PermissionResult.NEUTRAL

    FakeBucket.get_permission = neutral  # type: ignore[method-assign, assignment]


def _features_add_up() -> None:
    from moto.guardduty.models import Detector

    replace = Detector.update

    def update(
        detector: Any, enable: Any, frequency: Any, sources: Any, features: list[dict[str, Any]] | None
    ) -> None:
        if features is not None:
            known = {one["name"]: one for one in detector.features}
            features = list((known | {one["name"]: _with_agents(one) for one in features}).values())
        replace(detector, enable, frequency, sources, features)  # type: ignore[arg-type]

    Detector.update = update  # type: ignore[method-assign, assignment]


def _with_agents(feature: dict[str, Any]) -> dict[str, Any]:
    """Return a feature as GetDetector tells it: all agents that it may manage, in an order of its own."""
    if feature["name"] not in AGENTS:
        return feature
    given = {one["name"]: one["status"] for one in feature.get("additionalConfiguration") or ()}
    told = [{"name": name, "status": given.get(name, "DISABLED")} for name in AGENTS[feature["name"]]]
    return feature | {"additionalConfiguration": told}


def _rules_of_groups_are_described() -> None:
    from moto.ec2.models.security_groups import SecurityGroupRule

    def description(rule: Any) -> Any:
        return rule.ip_range.get("Description") or rule.source_group.get("Description")

    SecurityGroupRule.description = property(description)  # type: ignore[method-assign, assignment]


def _tags_of_a_template_are_its_own() -> None:
    from moto.ec2.models.launch_templates import LaunchTemplateVersion

    begin = LaunchTemplateVersion.__init__

    def init(version: Any, template: Any, number: int, data: dict[str, Any], description: str) -> None:
        tags = [one for one in data.get("TagSpecifications", ()) if one["ResourceType"] != "launch-template"]
        begin(version, template, number, {**data, "TagSpecifications": tags}, description)

    LaunchTemplateVersion.__init__ = init  # type: ignore[method-assign, assignment]


def _zones_begin_with_z() -> None:
    from moto.route53.models import HostedZoneIdentifier

    make = HostedZoneIdentifier.generate

    def generate(identifier: Any, *arguments: Any, **more: Any) -> str:
        return f"Z{make(identifier, *arguments, **more)[1:]}"

    HostedZoneIdentifier.generate = generate  # type: ignore[method-assign, assignment]


def _application_signals_has_its_role() -> None:
    import json

    from moto.iam.models import IAMBackend

    service = "application-signals.cloudwatch.amazonaws.com"
    make = IAMBackend.create_service_linked_role

    def create(backend: Any, service_name: str, description: str, suffix: str) -> Any:
        if service_name != service:
            return make(backend, service_name, description, suffix)
        trust = {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [service]}}
        return backend.create_role(
            "AWSServiceRoleForCloudWatchApplicationSignals",
            json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            f"/aws-service-role/{service}/",
            permissions_boundary=None,
            description=description,
            tags=[],
            max_session_duration="3600",
            linked_service=service,
        )

    IAMBackend.create_service_linked_role = create  # type: ignore[method-assign, assignment]


def _databases_tell_their_insights() -> None:
    from moto.rds.models import DBInstance

    begin = DBInstance.__init__

    def init(instance: Any, *arguments: Any, **wishes: Any) -> None:
        begin(instance, *arguments, **wishes)
        instance.performance_insights_enabled = bool(wishes.get("enable_performance_insights"))
        if instance.performance_insights_enabled:
            for name in ("performance_insights_kms_key_id", "performance_insights_retention_period"):
                setattr(instance, name, wishes.get(name))

    DBInstance.__init__ = init  # type: ignore[method-assign, assignment]


def _set_parameters_are_the_users() -> None:
    from moto.rds.models import DBParameterGroup

    keep = DBParameterGroup.update_parameters

    def update(group: Any, parameters: list[dict[str, Any]]) -> None:
        keep(group, [{**one, "Source": "user"} for one in parameters])

    DBParameterGroup.update_parameters = update  # type: ignore[method-assign, assignment]
