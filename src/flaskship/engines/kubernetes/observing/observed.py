"""Everything of a namespace that was seen at one instant, and what of it is asked about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.shape import Shape
from flaskship.engines.kubernetes.observing.surroundings import (
    Autoscaler,
    Claim,
    Event,
    ExternalSecret,
    Ingress,
    Service,
)
from flaskship.engines.kubernetes.observing.workloads import (
    DaemonSet,
    Deployment,
    Job,
    ReplicaSet,
    Rollout,
    StatefulSet,
)
from flaskship.model.snapshot import ReleaseState

SHAPES: Mapping[str, type[Shape]] = {
    "Deployment": Deployment,
    "Rollout": Rollout,
    "ReplicaSet": ReplicaSet,
    "StatefulSet": StatefulSet,
    "DaemonSet": DaemonSet,
    "Pod": Pod,
    "Job": Job,
    "Event": Event,
    "Service": Service,
    "Ingress": Ingress,
    "HorizontalPodAutoscaler": Autoscaler,
    "PersistentVolumeClaim": Claim,
    "ExternalSecret": ExternalSecret,
}


@dataclass(frozen=True, slots=True)
class LogKey:
    """One run of one container: the pod's uid, the container, and how often it had been restarted before."""

    pod: str
    container: str
    run: int


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """One probe of one pod."""

    pod: str
    probe: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What had to be asked for: the last lines of a run, and what a probe is answered in full."""

    lines: Mapping[LogKey, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[AnswerKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """The objects of one namespace."""

    deployments: tuple[Deployment, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    replica_sets: tuple[ReplicaSet, ...] = ()
    stateful_sets: tuple[StatefulSet, ...] = ()
    daemon_sets: tuple[DaemonSet, ...] = ()
    pods: tuple[Pod, ...] = ()
    jobs: tuple[Job, ...] = ()
    events: tuple[Event, ...] = ()
    services: tuple[Service, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    claims: tuple[Claim, ...] = ()
    external_secrets: tuple[ExternalSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """The release whose workloads are looked at.

    expected: kind and name of each workload of its manifest; one that is not there is told as missing.
    settled is False while Helm still writes the revision: nothing is complete then.
    """

    environment: str
    namespace: str
    name: str
    release: ReleaseState | None = None
    expected: tuple[tuple[str, str], ...] = ()
    settled: bool = True

    @property
    def applied_at(self) -> float:
        """Return when the newest revision was applied, in whole seconds as the cluster counts them."""
        return float(int(self.release.applied_at)) if self.release is not None else 0.0
