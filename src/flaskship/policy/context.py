"""What a rule may look at: the objects of one environment, and those of the project's others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TypeVar

from flaskship.model.frozen import dataclass
from flaskship.model.project import Environment
from flaskship.policy.kubernetes.refused import refused
from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.kubernetes.validate import Violation
from flaskship.policy.objects import REPLICATED, Container, Object, Pod, matches, pods_of
from flaskship.policy.selectors import selects

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the values declare of the database: the networks that hold it, if anybody says, and its port."""

    networks: tuple[str, ...] = ()
    port: int = 5432


@dataclass(frozen=True)
class Context:
    """One environment as rendered; nothing here is read from anywhere else."""

    environment: Environment
    objects: tuple[Object, ...] = field(repr=False)
    requires_digest: frozenset[str] = frozenset()
    """The applications whose values say image.requireDigest."""
    database: Declared = Declared()
    outside: Mapping[tuple[str, str], frozenset[str] | None] = field(default_factory=dict, repr=False)
    """What the values say that somebody else makes, by kind and name; a Secret's keys where they say."""
    ways: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the values choose that leaves nothing in the manifests where it is chosen, by path."""
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
        return tuple(one for kind in kinds for one in self._by_kind.get(kind, ()))

    def makers(self, kind: str, namespace: str | None, name: str | None) -> tuple[Object, ...]:
        """What makes an object of a kind and name: itself, or the ExternalSecret that fills a Secret."""
        return tuple(self._by_name.get((kind, namespace, name), ()))

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Every pod, or template of one; those of Helm's hooks too."""
        return tuple(pods_of(self.objects))

    @cached_property
    def serving(self) -> tuple[Pod, ...]:
        """The templates of what runs until something replaces it."""
        return tuple(pod for pod in self.pods if pod.serves)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Every container, those that run before the others too."""
        return tuple(container for pod in self.pods for container in pod.all_containers)

    @cached_property
    def every_container(self) -> tuple[Container, ...]:
        """Every container that Pod Security judges, ephemeral ones too."""
        return tuple(container for pod in self.pods for container in pod.every_container)

    @cached_property
    def serving_containers(self) -> tuple[Container, ...]:
        """The containers of what runs until something replaces it."""
        return tuple(container for pod in self.serving for container in pod.containers)

    def selected(self, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        """The serving pods that a selector picks."""
        nearest = _nearest(selector, self._by_label, self.serving)
        return tuple(pod for pod in nearest if matches(selector, pod.labels))

    def selected_by(self, service: Object) -> tuple[Pod, ...]:
        """The serving pods behind a Service; none where it has no selector and no Rollout sets one."""
        selector = service.spec.at("selector").labels or self._steered.get(service.name, {})
        return tuple(
            pod for pod in self.selected(selector) if selector and pod.owner.namespace == service.namespace
        )

    @cached_property
    def _steered(self) -> Mapping[str, Mapping[str, str]]:
        """What a Rollout selects, by the Services that it leads to its pods itself."""
        return {
            str(way.at(key).text): one.spec.at("selector", "matchLabels").labels
            for one in self.of("Rollout")
            for way in (one.spec.at("strategy", "blueGreen"), one.spec.at("strategy", "canary"))
            for key in ("activeService", "previewService", "stableService", "canaryService")
            if way.at(key).text
        }

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
        return self._scalers.get((workload.kind, workload.name))

    @cached_property
    def refusals(self) -> tuple[tuple[Object, Violation, str], ...]:
        """What the schemas of the supported minors refuse of each object, and which minors do."""
        table = load_table()
        return tuple(
            (one, violation, minors) for one in self.objects for violation, minors in refused(table, one)
        )

    @cached_property
    def policies(self) -> Mapping[Pod, tuple[Object, ...]]:
        """Each pod with the network policies that select it."""
        found: dict[Pod, list[Object]] = {pod: [] for pod in self.pods}
        for policy in self.of("NetworkPolicy"):
            selector = policy.spec.at("podSelector")
            for pod in _nearest(selector.at("matchLabels").labels, self._by_any_label, self.pods):
                if policy.namespace == pod.owner.namespace and selects(selector, pod.labels):
                    found[pod].append(policy)
        return {pod: tuple(policies) for pod, policies in found.items()}

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Object]]:
        return _grouped((one.kind, one) for one in self.objects)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str | None, str | None], list[Object]]:
        secrets = (
            (("Secret", one.namespace, one.spec.at("target", "name").text or one.name), one)
            for one in self.of("ExternalSecret")
        )
        named = (((one.kind, one.namespace, one.name), one) for one in self.objects)
        return _grouped([*named, *secrets])

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, str], list[Pod]]:
        return _grouped((pair, pod) for pod in self.serving for pair in pod.labels.items())

    @cached_property
    def _by_any_label(self) -> Mapping[tuple[str, str], list[Pod]]:
        return _grouped((pair, pod) for pod in self.pods for pair in pod.labels.items())

    @cached_property
    def _scalers(self) -> Mapping[tuple[str | None, str | None], Object]:
        targets = [(one.spec.at("scaleTargetRef"), one) for one in self.of("HorizontalPodAutoscaler")]
        return {(at.at("kind").text, at.at("name").text): one for at, one in targets}


def _grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    groups: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _nearest(
    selector: Mapping[str, str], by_label: Mapping[tuple[str, str], Sequence[Pod]], everything: Sequence[Pod]
) -> Sequence[Pod]:
    """The fewest pods among which those of a selector are: comparing all with all takes a square."""
    return min((by_label.get(pair, []) for pair in selector.items()), key=len, default=everything)
