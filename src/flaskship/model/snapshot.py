"""Everything that an engine observed of one environment at one instant."""

from enum import StrEnum

from flaskship.model.frozen import dataclass
from flaskship.model.verdict import Outcome


class Phase(StrEnum):
    """The phase of a workload or of a whole environment."""

    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    STOPPED = "Stopped"
    UNKNOWN = "Unknown"
    """Nobody could look: what is told is what was recorded last."""


class ReplicaPhase(StrEnum):
    """The phase of one replica."""

    PENDING = "Pending"
    INITIALIZING = "Initializing"
    STARTING = "Starting"
    RUNNING = "Running"
    READY = "Ready"
    BACK_OFF = "CrashLoopBackOff"
    TERMINATING = "Terminating"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class KilledBy(StrEnum):
    """Who ended a process that a signal ended."""

    ENGINE = "engine"
    LIVENESS = "liveness probe"
    STARTUP = "startup probe"
    POST_START = "failed postStart hook"
    MEMORY_LIMIT = "memory limit"
    WATCHDOG = "memory watchdog"
    PROCESS_WATCHDOG = "process watchdog"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Exit:
    """One end of a container's process: a code or a signal; neither is ExitUnknown."""

    container: str
    at: float
    code: int | None = None
    signal: int | None = None
    killed_by: KilledBy | None = None
    init: bool = False
    last_lines: tuple[str, ...] = ()
    memory_limit: int | None = None
    memory_peak: int | None = None
    oom_kills: int | None = None
    """How many of its processes the memory limit ended: perhaps a child alone, which it outlived."""
    process_limit: int | None = None
    """How many processes and threads it may have; it was refused so many further ones in forks_refused."""
    forks_refused: int | None = None
    after_ready: bool = False
    program: str | None = None
    """What was started, without its arguments: those may hold what nobody is to read."""

    @property
    def unknown(self) -> bool:
        """Tell whether nobody could collect the status, which says nothing of success or failure."""
        return self.code is None and self.signal is None


@dataclass(frozen=True, slots=True)
class MemoryKills:
    """Processes that the memory limit ended in a container that goes on running without them."""

    container: str
    count: int
    limit: int | None = None
    peak: int | None = None


@dataclass(frozen=True, slots=True)
class ProbeFailure:
    """The latest run of failures of one probe, with its request and answer in words."""

    probe: str
    at: float
    consecutive: int
    threshold: int
    request: str
    answer: str
    status: int | None = None
    """The HTTP status of the latest answer; None where none came."""
    alike: int = 0
    """How many of the failures in a row, the last ones, had this status."""
    after_startup: bool = False
    """Whether a startup probe of the container has succeeded: it says itself that it has started."""
    period: float = 0.0
    """Seconds from one probe to the next."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a replica cannot start at all: a stable code (a cause's) with its sentence."""

    code: str
    message: str
    field: str | None = None
    evidence: tuple[str, ...] = ()
    terminal: bool = True


@dataclass(frozen=True, slots=True)
class ReplicaSnapshot:
    """One replica; current means it is of the workload's newest template. Times are Unix seconds."""

    name: str
    uid: str
    template: str
    current: bool
    phase: ReplicaPhase
    ready: bool
    restarts: int = 0
    created_at: float = 0.0
    started_at: float | None = None
    ready_at: float | None = None
    was_ready: bool = False
    pid: int | None = None
    address: str | None = None
    exits: tuple[Exit, ...] = ()
    probes: tuple[ProbeFailure, ...] = ()
    problem: Problem | None = None
    last_lines: tuple[str, ...] = ()
    initializing: str | None = None
    """The initContainer that runs now and has to end first: the last lines are its own then."""
    memory_kills: MemoryKills | None = None
    """What a replica that is not ready has lost to its memory limit while it runs."""


@dataclass(frozen=True, slots=True)
class WorkloadSnapshot:
    """One workload; available counts replicas that were ready for minReadySeconds."""

    name: str
    application: str
    kind: str
    phase: Phase
    image: str
    desired: int
    ready: int
    updated: int
    available: int
    template: str
    since: float = 0.0
    """When the newest template was applied."""
    progressed_at: float = 0.0
    """When the rollout last came forward (Kubernetes' meaning of progressDeadlineSeconds)."""
    progress_deadline: int = 600
    paused: bool = False
    complete: bool = False
    """Every replica is of the newest template and available, and no other is left."""
    replicas: tuple[ReplicaSnapshot, ...] = ()
    endpoints: tuple[str, ...] = ()
    problem: Problem | None = None
    """Why the workload as a whole cannot come forward, where no replica can show it: there may be none."""


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """The newest revision of the environment's release; outcome None while it is being rolled out."""

    name: str
    revision: int
    previous: int | None = None
    outcome: Outcome | None = None
    applied_at: float = 0.0
    """Replicas that are older belong to an earlier revision, whatever their template."""
    problem: Problem | None = None
    """Why the engine could not apply all of the revision; what it did apply stays until it is undone."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One environment on one engine; release None where nothing was ever applied."""

    environment: str
    engine: str
    namespace: str
    at: float
    phase: Phase
    release: ReleaseState | None = None
    workloads: tuple[WorkloadSnapshot, ...] = ()
    notes: tuple[str, ...] = ()
    containment: str = ""
    """By which means limits hold here, and what they do not hold; empty where the engine cannot say."""
