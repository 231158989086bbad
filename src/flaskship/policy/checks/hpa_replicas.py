"""A manifest sets the number that an autoscaler sets."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import REPLICATED, Fault

CODE = "hpa-replicas"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find workloads that say replicas although an autoscaler scales them."""
    for workload in context.of(*REPLICATED):
        replicas = workload.spec.at("replicas")
        scaler = context.scaler(workload)
        if replicas and scaler is not None:
            yield workload.fault(f"says replicas beside {scaler.id}", replicas, "replicas")
