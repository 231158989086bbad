"""What stands around the workloads: events, routes, autoscalers, claims and external secrets."""

from datetime import datetime

import msgspec

from flaskship.engines.kubernetes.observing.shape import Condition, Meta, Shape, unix


class Reference(Shape, frozen=True):
    """The object that an event is about."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class Series(Shape, frozen=True):
    """How often an event came again."""

    count: int = 0
    last_observed_time: datetime | None = None


class Event(Shape, frozen=True):
    """Something that a controller or the kubelet wrote down."""

    metadata: Meta = Meta()
    involved_object: Reference = Reference()
    reason: str = ""
    message: str = ""
    type: str = "Normal"
    count: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: Series | None = None

    @property
    def at(self) -> float:
        """Return when it happened last, in Unix seconds."""
        last = self.series.last_observed_time if self.series else None
        return unix(last or self.last_timestamp or self.event_time or self.metadata.creation_timestamp) or 0.0

    @property
    def first_at(self) -> float:
        """Return when it happened first."""
        return unix(self.first_timestamp or self.event_time or self.metadata.creation_timestamp) or 0.0

    @property
    def times(self) -> int:
        """Return how often it happened."""
        return max(1, self.count, self.series.count if self.series else 0)


class ServicePort(Shape, frozen=True):
    """A port of a Service."""

    name: str = ""
    port: int = 0
    node_port: int = 0
    app_protocol: str = ""


class ServiceSpec(Shape, frozen=True):
    """Which pods a Service reaches, and how it is reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = msgspec.field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()


class IngressPoint(Shape, frozen=True):
    """An address that a load balancer got."""

    ip: str = ""
    hostname: str = ""


class LoadBalancer(Shape, frozen=True):
    """The addresses that a load balancer got."""

    ingress: tuple[IngressPoint, ...] = ()


class Balanced(Shape, frozen=True):
    """The status of what a load balancer stands before."""

    load_balancer: LoadBalancer = LoadBalancer()


class Service(Shape, frozen=True):
    """A name and ports in front of pods."""

    metadata: Meta = Meta()
    spec: ServiceSpec = ServiceSpec()
    status: Balanced = Balanced()


class BackendPort(Shape, frozen=True):
    """The port of a Service that a rule means."""

    name: str = ""
    number: int = 0


class BackendService(Shape, frozen=True):
    """The Service that a rule means."""

    name: str = ""
    port: BackendPort = BackendPort()


class Backend(Shape, frozen=True):
    """Where a rule leads."""

    service: BackendService = BackendService()


class IngressPath(Shape, frozen=True):
    """One path of a rule."""

    path: str = "/"
    backend: Backend = Backend()


class IngressHttp(Shape, frozen=True):
    """The paths of a rule."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(Shape, frozen=True):
    """A host with its paths."""

    host: str = ""
    http: IngressHttp = IngressHttp()


class IngressTls(Shape, frozen=True):
    """Hosts that are served by TLS."""

    hosts: tuple[str, ...] = ()


class IngressSpec(Shape, frozen=True):
    """The routes of an Ingress."""

    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTls, ...] = ()


class Ingress(Shape, frozen=True):
    """The routes from outside."""

    metadata: Meta = Meta()
    spec: IngressSpec = IngressSpec()
    status: Balanced = Balanced()


class ScaleTarget(Shape, frozen=True):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""


class AutoscalerSpec(Shape, frozen=True):
    """The bounds of an autoscaler."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int = 1
    max_replicas: int = 0


class AutoscalerStatus(Shape, frozen=True):
    """What an autoscaler knows."""

    conditions: tuple[Condition, ...] = ()


class Autoscaler(Shape, frozen=True):
    """A HorizontalPodAutoscaler."""

    metadata: Meta = Meta()
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


class ClaimStatus(Shape, frozen=True):
    """Whether a claim got its volume."""

    phase: str = ""


class Claim(Shape, frozen=True):
    """A PersistentVolumeClaim."""

    metadata: Meta = Meta()
    status: ClaimStatus = ClaimStatus()


class SecretTarget(Shape, frozen=True):
    """The Secret that an ExternalSecret makes."""

    name: str = ""


class ExternalSecretSpec(Shape, frozen=True):
    """What an ExternalSecret is to make."""

    target: SecretTarget = SecretTarget()


class ExternalSecretStatus(Shape, frozen=True):
    """Whether it did."""

    conditions: tuple[Condition, ...] = ()


class ExternalSecret(Shape, frozen=True):
    """A Secret that the External Secrets operator makes from a secret store."""

    metadata: Meta = Meta()
    spec: ExternalSecretSpec = ExternalSecretSpec()
    status: ExternalSecretStatus = ExternalSecretStatus()

    @property
    def secret(self) -> str:
        """Return the name of the Secret that it makes."""
        return self.spec.target.name or self.metadata.name
