"""Which object belongs to which: workloads to the release, pods to a template."""

from collections.abc import Iterable
from dataclasses import dataclass

from flaskship.engines.kubernetes.observing.observed import Observed
from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.shape import Meta
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.engines.kubernetes.observing.workloads import ReplicaSet

INSTANCE = "app.kubernetes.io/instance"
NAME = "app.kubernetes.io/name"
RELEASE = "meta.helm.sh/release-name"
KEPT_FOR = "flaskship.dev/kept-for"
"""On a workload that goes once another kind of it is healthy: the object that takes its place."""
HANDING_OVER = "flaskship.dev/handing-over"
"""On a Rollout that goes: its pause is our own, by which Argo Rollouts lets go of its Services."""
REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
HASHES = ("pod-template-hash", "rollouts-pod-template-hash")
ENDED = frozenset({"Succeeded", "Failed"})


def belongs(meta: Meta, release: str) -> bool:
    """Tell whether an object is part of the release: Helm's own mark, else the label of every chart."""
    marked = meta.annotations.get(RELEASE)
    return (marked or meta.labels.get(INSTANCE)) == release


def application(meta: Meta) -> str:
    """Return the application's name."""
    return meta.labels.get(NAME) or meta.name


def owned_by(meta: Meta, uid: str) -> bool:
    """Tell whether the controller of an object is this one."""
    return any(owner.controller and owner.uid == uid for owner in meta.owner_references)


def template_hash(meta: Meta) -> str:
    """Return the hash of the template that a ReplicaSet or a pod is of."""
    return next((meta.labels[one] for one in HASHES if one in meta.labels), "")


def newest(replica_sets: Iterable[ReplicaSet], workload: Meta) -> ReplicaSet | None:
    """Return the ReplicaSet of the newest revision; None where its workload has one that was not seen yet."""
    found = max(replica_sets, key=lambda one: (revision(one.metadata), one.metadata.created_at), default=None)
    if found is None or revision(found.metadata) < revision(workload):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Family:
    """A workload's ReplicaSets and pods, and the events about them."""

    replica_sets: tuple[ReplicaSet, ...]
    pods: tuple[Pod, ...]

    @classmethod
    def of(cls, uid: str, observed: Observed) -> "Family":
        """Return what the workload with this uid made."""
        sets = tuple(one for one in observed.replica_sets if owned_by(one.metadata, uid))
        owners = {uid, *(one.metadata.uid for one in sets)}
        pods = tuple(
            pod
            for pod in observed.pods
            if any(owner.controller and owner.uid in owners for owner in pod.metadata.owner_references)
        )
        return cls(sets, tuple(sorted(pods, key=lambda pod: (pod.metadata.created_at, pod.metadata.name))))

    def of_template(self, template: str) -> tuple[Pod, ...]:
        """Return the pods of a template that still stand: not ended, not told to end."""
        return tuple(pod for pod in self.pods if standing(pod) and template_hash(pod.metadata) == template)


def standing(pod: Pod) -> bool:
    """Tell whether a pod counts as a replica."""
    return pod.metadata.deletion_timestamp is None and pod.status.phase not in ENDED


def about(events: Iterable[Event], uid: str) -> tuple[Event, ...]:
    """Return the events about an object, oldest first."""
    return tuple(sorted((one for one in events if one.involved_object.uid == uid), key=lambda one: one.at))


def revision(meta: Meta) -> int:
    """Return the number that the controller gave a workload's newest template, or the one of a ReplicaSet."""
    text = next((meta.annotations[key] for key in REVISIONS if key in meta.annotations), "0")
    return int(text) if text.isdigit() else 0
