"""What makes pods: Deployments, Argo Rollouts, ReplicaSets and Jobs."""

from datetime import datetime
from typing import Any

import msgspec

from flaskship.engines.kubernetes.observing.pods import Template
from flaskship.engines.kubernetes.observing.shape import Condition, Meta, Shape, WorkloadMeta


class WorkloadSpec(Shape, frozen=True):
    """The part of a spec that Deployments and ReplicaSets share."""

    replicas: int = 1
    template: Template = Template()
    paused: bool = False
    progress_deadline_seconds: int = 600


class WorkloadStatus(Shape, frozen=True):
    """The replicas of a Deployment or ReplicaSet, counted by its controller."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Shape, frozen=True):
    """A workload whose rolling updates Kubernetes does itself."""

    metadata: WorkloadMeta = WorkloadMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class ReplicaSet(Shape, frozen=True):
    """The replicas of one template."""

    metadata: Meta = Meta()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSetStatus(Shape, frozen=True):
    """The replicas of a StatefulSet, counted by its controller."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Shape, frozen=True):
    """Replicas with names and volumes of their own."""

    metadata: WorkloadMeta = WorkloadMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetStatus(Shape, frozen=True):
    """The pods of a DaemonSet, counted by its controller."""

    observed_generation: int = 0
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0


class DaemonSet(Shape, frozen=True):
    """A pod on every node."""

    metadata: WorkloadMeta = WorkloadMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class BlueGreen(Shape, frozen=True):
    """Which ReplicaSets the two services of a Rollout select."""

    active_selector: str = ""
    preview_selector: str = ""


class PauseCondition(Shape, frozen=True):
    """Why the controller holds a Rollout."""

    reason: str = ""


class RolloutStrategy(Shape, frozen=True):
    """How a Rollout moves; only which way it is matters here."""

    canary: dict[str, Any] | None = None
    blue_green: dict[str, Any] | None = None


class WorkloadRef(Shape, frozen=True):
    """The Deployment whose template a Rollout runs."""

    kind: str = ""
    name: str = ""


class RolloutSpec(Shape, frozen=True):
    """An Argo Rollout as it was asked for."""

    replicas: int = 1
    template: Template = Template()
    workload_ref: WorkloadRef | None = None
    paused: bool = False
    progress_deadline_seconds: int = 600
    strategy: RolloutStrategy = RolloutStrategy()


class RolloutStatus(Shape, frozen=True):
    """What Argo's controller says of it."""

    observed_generation: str = ""
    phase: str = ""
    message: str = ""
    abort: bool = False
    current_pod_hash: str = ""
    stable_rs: str = msgspec.field(default="", name="stableRS")
    current_step_index: int | None = None
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    pause_conditions: tuple[PauseCondition, ...] = ()
    conditions: tuple[Condition, ...] = ()
    blue_green: BlueGreen = BlueGreen()


class Rollout(Shape, frozen=True):
    """A workload that Argo Rollouts moves: canary or blue-green."""

    metadata: WorkloadMeta = WorkloadMeta()
    spec: RolloutSpec = RolloutSpec()
    status: RolloutStatus = RolloutStatus()


class JobSpec(Shape, frozen=True):
    """A Job as it was asked for."""

    completions: int = 1
    template: Template = Template()


class JobStatus(Shape, frozen=True):
    """How far a Job is."""

    succeeded: int = 0
    failed: int = 0
    active: int = 0
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Shape, frozen=True):
    """Work that has an end."""

    metadata: Meta = Meta()
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()
