"""What a rule may look at: the objects of one environment, and those of the project's others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from flaskship.model.project import Environment
from flaskship.policy.objects import REPLICATED, Container, Object, Pod, matches, pods_of


@dataclass(frozen=True)
class Context:
    """One environment as rendered; nothing here is read from anywhere else."""

    environment: Environment
    objects: tuple[Object, ...] = field(repr=False)
    requires_digest: frozenset[str] = frozenset()
    """The applications whose values say image.requireDigest."""
    leads_to: frozenset[str] = frozenset()
    """The environments that are promoted from this one."""
    others: tuple["Context", ...] = field(default=(), repr=False)

    @property
    def clustered(self) -> bool:
        """Whether a cluster runs it."""
        return self.environment.engine == "kubernetes"

    @property
    def final(self) -> bool:
        """Whether it is the end of the road: on a cluster, and promoted to nowhere."""
        return self.clustered and not self.leads_to

    @property
    def neighbours(self) -> "tuple[Context, ...]":
        """The other environments of the same cluster, or of this machine."""
        own = self.environment
        return tuple(
            one
            for one in self.others
            if (one.environment.engine, one.environment.context) == (own.engine, own.context)
        )

    def of(self, *kinds: str) -> tuple[Object, ...]:
        """The objects of some kinds."""
        return tuple(one for one in self.objects if one.kind in kinds)

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Every pod, or template of one; those of Helm's hooks too."""
        return tuple(pods_of(self.objects))

    @cached_property
    def serving(self) -> tuple[Pod, ...]:
        """The templates of what runs until something replaces it."""
        return tuple(pod for pod in self.pods if pod.serves)

    @property
    def containers(self) -> Iterator[Container]:
        """Every container, those that run before the others too."""
        for pod in self.pods:
            yield from pod.all_containers

    @property
    def serving_containers(self) -> Iterator[Container]:
        """The containers of what runs until something replaces it."""
        for pod in self.serving:
            yield from pod.containers

    def selected(self, selector: dict[str, str]) -> tuple[Pod, ...]:
        """The serving pods that a selector picks."""
        return tuple(pod for pod in self.serving if matches(selector, pod.labels))

    def selected_by(self, service: Object) -> tuple[Pod, ...]:
        """The serving pods behind a Service; none where it has no selector."""
        selector = service.spec.at("selector").labels
        return tuple(
            pod for pod in self.selected(selector) if selector and pod.owner.namespace == service.namespace
        )

    def replicas(self, workload: Object) -> int | None:
        """The fewest pods that a workload runs with, by its autoscaler or itself; None where nobody says."""
        if (scaler := self.scaler(workload)) is not None:
            minimum = scaler.spec.at("minReplicas").number
            return 1 if minimum is None else minimum
        if workload.kind not in REPLICATED:
            return None
        given = workload.spec.at("replicas").number
        return 1 if given is None else given

    def replicas_setting(self, workload: Object) -> str:
        """The value that says how few pods a workload runs with."""
        return "replicas" if self.scaler(workload) is None else "autoscaling.minReplicas"

    def scaler(self, workload: Object) -> Object | None:
        """The autoscaler that scales a workload."""
        for one in self.of("HorizontalPodAutoscaler"):
            target = one.spec.at("scaleTargetRef")
            if (target.at("kind").text, target.at("name").text) == (workload.kind, workload.name):
                return one
        return None
