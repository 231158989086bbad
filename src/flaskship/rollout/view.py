"""What a strategy sees of a workload, and what it asks for."""

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ReplicaView:
    """One replica; available means ready for minReadySeconds, terminating that it was told to end."""

    uid: str
    ready: bool
    available: bool
    created_at: float
    terminating: bool = False
    crashing: bool = False


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A workload at one instant; `new` are the replicas of the newest template, whenever they started."""

    desired: int
    max_surge: int | str
    max_unavailable: int | str
    new: tuple[ReplicaView, ...] = ()
    old: tuple[ReplicaView, ...] = ()
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now: start so many new replicas, retire these.

    `start_old` is not 0 only while a paused workload grows that has replicas of the earlier template.
    """

    start: int = 0
    retire: tuple[str, ...] = ()
    start_old: int = 0

    @property
    def idle(self) -> bool:
        """Tell whether there is nothing to do."""
        return not (self.start or self.retire or self.start_old)


def standing(replicas: tuple[ReplicaView, ...]) -> tuple[ReplicaView, ...]:
    """Return the replicas that count: those nobody told to end."""
    return tuple(replica for replica in replicas if not replica.terminating)


def least_valuable_first(replicas: tuple[ReplicaView, ...]) -> tuple[ReplicaView, ...]:
    """Order as a ReplicaSet picks its victims: crashing, not ready, not yet available, then the youngest."""
    return tuple(
        sorted(
            replicas,
            key=lambda one: (not one.crashing, one.ready, one.available, -one.created_at, one.uid),
        )
    )
