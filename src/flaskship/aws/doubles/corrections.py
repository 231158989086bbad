"""Where moto answers otherwise than AWS does, so that a second plan would see a change that nobody made."""

from typing import Any


def correct() -> tuple[str, ...]:
    """Correct moto in this process and return what was corrected, for the report."""
    _without_bucket_policies()
    _features_add_up()
    _rules_of_groups_are_described()
    return CORRECTIONS


CORRECTIONS = (
    "s3: bucket policies are stored and not enforced, because this server has no TLS to demand",
    "ec2: a rule whose source is a group has its description, too",
    "guardduty: a feature that is switched on leaves the others as they are",
    "eks: a cluster tells its access configuration, nodes of a launch template no disk of their own",
)


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
            features = list((known | {one["name"]: one for one in features}).values())
        replace(detector, enable, frequency, sources, features)  # type: ignore[arg-type]

    Detector.update = update  # type: ignore[method-assign, assignment]


def _rules_of_groups_are_described() -> None:
    from moto.ec2.models.security_groups import SecurityGroupRule

    def description(rule: Any) -> Any:
        return rule.ip_range.get("Description") or rule.source_group.get("Description")

    SecurityGroupRule.description = property(description)  # type: ignore[method-assign, assignment]
