"""What the local engine understands of the rendered manifests, as frozen types."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from flaskship.engines.local.selectors import Selector
from flaskship.model.frozen import dataclass
from flaskship.rollout.autoscaling import Rules

Behaviour = Literal["honoured", "emulated", "ignored"]
Port = int | str  # a number or the name of a container port


@dataclass(frozen=True, slots=True)
class HttpGet:
    """A request whose answer of 200 to 399 is a success."""

    path: str
    port: Port
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    host: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """A connection that has to open."""

    port: Port
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Exec:
    """A command whose exit code 0 is a success."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sleep:
    """A pause (preStop only)."""

    seconds: int


Handler = HttpGet | TcpSocket | Exec | Sleep


@dataclass(frozen=True, slots=True)
class Probe:
    """Kubernetes' probe with its defaults; durations in seconds."""

    handler: HttpGet | TcpSocket | Exec
    initial_delay: int = 0
    period: int = 10
    timeout: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3


@dataclass(frozen=True, slots=True)
class KeyRef:
    """One key of a ConfigMap or Secret."""

    kind: Literal["ConfigMap", "Secret"]
    name: str
    key: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class FieldRef:
    """Downward API: a field of the replica, such as metadata.name or status.podIP."""

    path: str


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """Downward API: a limit or request, divided by divisor and rounded up."""

    resource: str
    divisor: str = "1"
    container: str = ""
    """The container that is meant; empty for the one that the variable belongs to."""


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One variable, from a literal or a reference."""

    name: str
    source: str | KeyRef | FieldRef | ResourceRef


@dataclass(frozen=True, slots=True)
class EnvFrom:
    """Every key of a ConfigMap or Secret as a variable."""

    kind: Literal["ConfigMap", "Secret"]
    name: str
    prefix: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that the container declares."""

    number: int
    name: str | None = None
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a volume appears in the container."""

    volume: str
    path: str
    sub_path: str = ""
    read_only: bool = False
    sub_path_expr: str = ""
    """A sub_path with $(VAR) in it, expanded from the container's variables."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Memory in bytes, CPU in thousandths of a core; None where not set."""

    memory_limit: int | None = None
    memory_request: int | None = None
    cpu_limit: int | None = None
    cpu_request: int | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a replica; always=True marks a native sidecar among the initContainers."""

    name: str
    image: str
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    working_dir: str | None = None
    env: tuple[EnvEntry, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()
    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None
    pre_stop: Handler | None = None
    post_start: Handler | None = None
    mounts: tuple[Mount, ...] = ()
    always: bool = False
    read_only_root: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a ConfigMap or Secret volume and the file it becomes."""

    key: str
    path: str
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """One source of files: a ConfigMap, a Secret, the downward API, a claim or an empty folder."""

    kind: Literal["ConfigMap", "Secret", "DownwardAPI", "Claim", "EmptyDir"]
    name: str = ""
    items: tuple[Item, ...] | None = None
    fields: tuple[tuple[str, FieldRef | ResourceRef], ...] = ()
    optional: bool = False
    default_mode: int = 0o644
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume; several sources are a projected volume."""

    name: str
    sources: tuple[VolumeSource, ...]


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What every replica of a workload is made from; hash changes exactly when the template does."""

    hash: str
    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    termination_grace: int = 30
    service_account: str = "default"
    priority_class: str | None = None
    service_links: bool = True
    """Whether NAME_SERVICE_HOST and NAME_SERVICE_PORT are set for the Services of the namespace."""

    @property
    def main(self) -> Container:
        """Return the container that carries the application's name (the first)."""
        return self.containers[0]


@dataclass(frozen=True, slots=True)
class RollingUpdate:
    """Kubernetes' rolling update; a number or a percentage such as '25%'."""

    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"


@dataclass(frozen=True, slots=True)
class Recreate:
    """Old replicas end before new ones start."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A workload that keeps `replicas` of its template ready."""

    name: str
    application: str
    template: PodTemplate
    replicas: int = 1
    strategy: RollingUpdate | Recreate = RollingUpdate()
    min_ready: int = 0
    progress_deadline: int = 600
    history_limit: int = 10
    paused: bool = False
    origin: Literal["Deployment", "Rollout", "StatefulSet"] = "Deployment"


@dataclass(frozen=True, slots=True)
class Job:
    """A workload that runs to its end; hook is Helm's hook annotation, empty for a plain Job."""

    name: str
    application: str
    template: PodTemplate
    backoff_limit: int = 6
    active_deadline: int | None = None
    completions: int = 1
    parallelism: int = 1
    hook: str = ""


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service; target is a number or a container port's name."""

    port: int
    target: Port
    name: str | None = None
    node_port: int | None = None
    protocol: str = "TCP"
    app_protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A stable address over the ready replicas whose labels match the selector."""

    name: str
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
    ports: tuple[ServicePort, ...]
    selector: Mapping[str, str]
    headless: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """A ConfigMap, or a Secret as the manifests have it (values decoded)."""

    kind: Literal["ConfigMap", "Secret"]
    name: str
    data: Mapping[str, str] = field(repr=False)
    binary: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ExternalSecret:
    """A Secret that an operator would fill: its name and the keys it gets."""

    name: str
    target: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim: a folder here."""

    name: str
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class IngressRule:
    """Requests for this host and path go to this Service's port."""

    host: str
    path: str
    path_type: str
    service: str
    port: Port


@dataclass(frozen=True, slots=True)
class Ingress:
    """The shared entrance; default gets what no rule matches."""

    name: str
    rules: tuple[IngressRule, ...]
    default: tuple[str, Port] | None = None


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler and the workload that it scales."""

    name: str
    workload: str
    rules: Rules


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget: how many of the selected replicas a voluntary action may take away."""

    name: str
    selector: Selector
    min_available: int | str | None = None
    max_unavailable: int | str | None = None


@dataclass(frozen=True, slots=True)
class FieldReport:
    """How one field of one object is treated here."""

    object: str
    field: str
    behaviour: Behaviour
    note: str = ""


@dataclass(frozen=True, slots=True)
class LocalRelease:
    """Everything of a release that this engine acts on, and a report on the rest."""

    deployments: tuple[Deployment, ...] = ()
    jobs: tuple[Job, ...] = ()
    services: tuple[Service, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    external_secrets: tuple[ExternalSecret, ...] = ()
    claims: tuple[Claim, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    budgets: tuple[Budget, ...] = ()
    priorities: Mapping[str, int] = field(default_factory=dict)
    reports: tuple[FieldReport, ...] = ()
