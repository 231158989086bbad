"""An environment as its parts see it: its Jobs, its autoscalers, the starts of its replicas."""

from typing import Protocol

from flaskship.engines.local.spec import Autoscaler, Deployment, Job
from flaskship.engines.local.supervisor.replica import Replica
from flaskship.engines.local.supervisor.services import ListenerPlan
from flaskship.engines.local.supervisor.workloads import Workload
from flaskship.engines.local.supervisor.world import World


class Runtime(Protocol):
    """Owns the replicas of one environment; every method runs on the supervisor's loop."""

    world: World
    replicas: dict[str, Replica]
    listeners: tuple[ListenerPlan, ...]
    findings: dict[str, None]

    @property
    def name(self) -> str:
        """Return the environment's name."""

    def changed(self) -> None:
        """Reconcile soon, and tell who follows."""

    def event(self, subject: str, reason: str, message: str, kind: str = "Normal") -> None:
        """Record something that happened."""

    def create(self, workload: Deployment | Job, template: str) -> None:
        """Make one replica of this template and start it."""

    def retire(self, replica: Replica, why: str) -> None:
        """End a replica in order, once."""

    def autoscaled(self) -> list[tuple[Autoscaler, Workload]]:
        """Return what autoscalers act on now."""

    def autoscale(self, workload: Workload, replicas: int, why: str) -> None:
        """Move a workload to the count of its autoscaler, for good."""
