"""An application of the last environment runs once."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "single-replica"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find workloads with fewer than two replicas where no environment is promoted further."""
    if not context.final:
        return
    for workload in context.of("Deployment", "Rollout", "StatefulSet"):
        replicas = context.replicas(workload)
        if replicas is not None and replicas < 2:
            setting = context.replicas_setting(workload)
            yield workload.fault(f"runs {replicas} replica", "spec.replicas", setting)
