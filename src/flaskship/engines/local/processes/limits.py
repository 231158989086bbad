"""Limits on memory, processor and processes of a replica, and what a means of keeping them has to do."""

from typing import Protocol

from flaskship.model.frozen import dataclass

DEFAULT_PIDS = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one replica may use; None is no limit. CPU in thousandths of a core, memory in bytes."""

    memory: int | None = None
    cpu_milli: int | None = None
    cpu_request_milli: int | None = None
    pids: int | None = DEFAULT_PIDS


@dataclass(frozen=True, slots=True)
class Usage:
    """What one replica uses now; None is what this containment cannot tell."""

    memory: int | None = None
    peak: int | None = None
    oom_kills: int | None = None
    cpu_seconds: float | None = None
    processes: int | None = None
    forks_refused: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """For `status`: the containment in use, what it holds, and what nothing here can hold."""

    kind: str
    contained: tuple[str, ...]
    uncontained: tuple[str, ...]

    def __str__(self) -> str:
        held = ", ".join(self.contained) or "nothing"
        loose = f"; not contained: {', '.join(self.uncontained)}" if self.uncontained else ""
        return f"{self.kind}: {held}{loose}"


class Cell(Protocol):
    """The containment of one replica."""

    @property
    def uid(self) -> str:
        """The replica's uid."""

    @property
    def join(self) -> tuple[str, ...]:
        """Files that the process writes 0 to, before it runs its program."""

    @property
    def rlimits(self) -> dict[str, int]:
        """Resource limits that the process sets for itself."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """Words that go before the command."""

    def started(self, pid: int) -> None:
        """Learn the main process, once it runs."""

    def usage(self) -> Usage:
        """Return what is used now."""

    def members(self) -> tuple[int, ...]:
        """Return the processes in it, whatever they have made of their session and environment."""

    def seal(self) -> None:
        """Let no further process be made in it, where the system can; the step before killing all."""

    def remove(self) -> bool:
        """Return whether nothing of it is left; False while a process of the replica still lives."""


class Containment(Protocol):
    """Makes a cell for each replica."""

    def describe(self) -> Description:
        """Say which means is used and what it cannot hold."""

    def create(self, uid: str, limits: Limits) -> Cell:
        """Return a new cell; OSError when the system refuses it."""

    def adopt(self, uid: str, limits: Limits, pid: int) -> Cell:
        """Return the cell of a replica that already runs."""

    def left_by(self, uid: str) -> Cell | None:
        """Return the cell of a replica whose main process has ended; None where it needs none to be found."""
