"""A deploy gives up before a slow start may end."""

from collections.abc import Iterator
from dataclasses import replace

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "startup-deadline"
SEVERITY = Severity.WARNING
DEFAULT_DEADLINE = 600
SETTINGS = (
    "probes.startup.failureThreshold",
    "probes.startup.periodSeconds",
    "probes.startup.initialDelaySeconds",
    "progressDeadlineSeconds",
)
"""What of it was set last is what made it too long."""


def find(context: Context) -> Iterator[Fault]:
    """Find workloads whose startup probe allows longer than their progress deadline."""
    for workload in context.of("Deployment", "Rollout"):
        deadline = workload.spec.at("progressDeadlineSeconds")
        given = DEFAULT_DEADLINE if deadline.number is None else deadline.number
        for container in workload.pod.containers if workload.pod else ():
            probe = container.node.at("startupProbe")
            if not probe:
                continue
            first = probe.at("initialDelaySeconds").number or 0
            allowed = first + (probe.at("periodSeconds").number or 10) * (
                probe.at("failureThreshold").number or 3
            )
            if allowed >= given:
                message = f"may take {allowed} s to start, and the deploy gives up after {given} s"
                fault = container.fault(message, deadline, "progressDeadlineSeconds")
                yield replace(fault, candidates=SETTINGS)
