"""What a release came to, and why."""

from enum import StrEnum

from flaskship.model.frozen import dataclass
from flaskship.model.location import Location


class Outcome(StrEnum):
    """How a revision ended; unknown is inconclusive, never successful."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The object and its field that say it, and the file that they come from; for what no value set."""

    object: str
    field: str
    location: Location | None = None

    def __str__(self) -> str:
        return f"{self.object} {self.field}" + (f" in {self.location}" if self.location else "")


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, with a stable code, its evidence (lines of text) and the values line that set it."""

    code: str
    message: str
    application: str | None = None
    replica: str | None = None
    evidence: tuple[str, ...] = ()
    field: str | None = None
    """The container field that set what failed, such as command or probes.readiness, to find its value."""
    values: Location | None = None
    manifest: Manifest | None = None
    """What says it where the manifests come from elsewhere than from values."""
    container: str | None = None
    """The initContainer that it is about; None for what is of the application itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome with its causes; a successful one has none."""

    outcome: Outcome
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Traffic driven through the users' route during a rollout; durations in milliseconds and seconds."""

    sent: int
    failed: int
    p50_ms: float
    p99_ms: float
    seconds: float
