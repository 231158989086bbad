"""What the state file holds, row by row."""

from collections.abc import Mapping

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Intent:
    """What an environment should be doing; by workload are scales, which last until a deploy, and restarts.

    A restart's mark says when and in which revision it was asked for: while that one runs, budgets bound it.
    """

    environment: str
    release: str
    namespace: str
    revision: int
    running: bool
    scales: Mapping[str, int]
    restarts: Mapping[str, str]
    paused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicaRecord:
    """A replica that exists, or is about to."""

    uid: str
    environment: str
    workload: str
    name: str
    template: str
    revision: int
    created_at: float
    address: str
    ports: Mapping[int, int]
    """Container port -> the port on the address that stands for it."""
    stage: str = "intended"
    """intended, initialized (every initContainer is done) or retiring."""
    was_ready: bool = False


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One start of a container's process; pid None until the spawner answered."""

    uid: str
    replica: str
    container: str
    attempt: int
    intended_at: float
    pid: int | None = None
    start_time: int | None = None
    boot_id: str | None = None
    killed_by: str | None = None


@dataclass(frozen=True, slots=True)
class LockRecord:
    """The one writer of an environment."""

    environment: str
    token: str
    owner: str
    pid: int
    start_time: int
    boot_id: str
    since: float
