"""A Job may run, or stay, for ever."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.node import Node
from flaskship.policy.objects import Fault

CODE = "job-limits"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find Jobs without a deadline, and finished ones that nothing removes."""
    for one in context.of("Job", "CronJob"):
        spec: Node = one.spec.at("jobTemplate", "spec") if one.kind == "CronJob" else one.spec
        if not spec.at("activeDeadlineSeconds"):
            yield one.fault("has no activeDeadlineSeconds", spec.at("activeDeadlineSeconds"))
        if one.kind == "Job" and not one.is_hook and not spec.at("ttlSecondsAfterFinished"):
            yield one.fault("has no ttlSecondsAfterFinished", spec.at("ttlSecondsAfterFinished"))
