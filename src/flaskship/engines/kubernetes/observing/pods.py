"""Pods as far as a snapshot needs them."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from flaskship.engines.kubernetes.observing.shape import Condition, Meta, Shape

Port = int | str


class HttpGet(Shape, frozen=True):
    """The request of a probe."""

    path: str = "/"
    port: Port = 0
    scheme: str = "HTTP"


class TcpSocket(Shape, frozen=True):
    """The port of a probe."""

    port: Port = 0


class Grpc(Shape, frozen=True):
    """The service of a probe."""

    port: int = 0


class Command(Shape, frozen=True):
    """The command of a probe."""

    command: tuple[str, ...] = ()


class Probe(Shape, frozen=True):
    """A probe with the defaults that the API server fills in."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    exec: Command | None = None
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3
    success_threshold: int = 1


class ContainerPort(Shape, frozen=True):
    """A port with its name."""

    container_port: int = 0
    name: str = ""


class Resources(Shape, frozen=True):
    """The limits of a container."""

    limits: dict[str, str | int | float] = msgspec.field(default_factory=dict)


class Container(Shape, frozen=True):
    """A container as its pod asks for it."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()
    restart_policy: str = ""
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None


class Waiting(Shape, frozen=True):
    """Why a container does not run yet, or not again."""

    reason: str = ""
    message: str = ""


class Running(Shape, frozen=True):
    """Since when a container runs."""

    started_at: datetime | None = None


class Terminated(Shape, frozen=True):
    """How a container ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Shape, frozen=True):
    """One of the three; none is waiting."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Shape, frozen=True):
    """What the kubelet says of a container."""

    name: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    ready: bool = False
    started: bool = False
    restart_count: int = 0
    container_id: str = msgspec.field(default="", name="containerID")


class PodSpec(Shape, frozen=True):
    """What a pod runs."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    restart_policy: str = "Always"
    node_name: str = ""
    node_selector: Mapping[str, str] = {}


class PodStatus(Shape, frozen=True):
    """What became of it."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    start_time: datetime | None = None
    pod_ip: str = msgspec.field(default="", name="podIP")
    host_ip: str = msgspec.field(default="", name="hostIP")


class Pod(Shape, frozen=True):
    """One replica."""

    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class Template(Shape, frozen=True):
    """The pod that a workload makes."""

    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()
