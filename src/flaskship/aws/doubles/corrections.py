"""Where moto answers otherwise than AWS does, so that a second plan would see a change that nobody made."""

from typing import Any


def correct() -> tuple[str, ...]:
    """Correct moto in this process and return what was corrected, for the report."""
    _without_bucket_policies()
    return CORRECTIONS


CORRECTIONS = (
    "s3: bucket policies are stored and not enforced, because this server has no TLS to demand",
    "eks: a cluster tells its access configuration, nodes of a launch template no disk of their own",
)


def _without_bucket_policies() -> None:
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def neutral(_bucket: Any, _action: str, _resource: str) -> PermissionResult:
        return PermissionResult.NEUTRAL

    FakeBucket.get_permission = neutral  # type: ignore[method-assign, assignment]
