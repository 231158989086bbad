"""What every replica needs from the outside, injected in one piece."""

from collections.abc import Awaitable, Callable
from dataclasses import field
from typing import Protocol

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.limits import Containment
from flaskship.engines.local.processes.listeners import RecentListeners
from flaskship.engines.local.spec import Container
from flaskship.engines.local.state import State
from flaskship.engines.local.supervisor.launcher import Launcher
from flaskship.engines.local.supervisor.log_caps import LogCaps
from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import KilledBy, Problem


class Watched(Protocol):
    """A running container, as who measures processes from outside needs it."""

    async def over_limit(self, what: str, by: KilledBy) -> None:
        """Kill it for what it used; what says how much, by says who found it."""


@dataclass(frozen=True, slots=True)
class World:
    """The state, the processes and the clock (Unix seconds) that replicas live by."""

    paths: LocalPaths
    state: State
    launcher: Launcher
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    random_name: Callable[[], str]
    containment: Containment
    containers: dict[str, Watched] = field(default_factory=dict)
    """The running container of each process, for who watches processes from outside."""
    listeners: RecentListeners = field(default_factory=RecentListeners)
    logs: LogCaps = field(default_factory=LogCaps)


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """How one container's process is started on this machine."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    ports: dict[int, int]
    """Container port -> the port on the replica's address that stands for it."""
    memory_limit: int | None = None
    cpu_limit: int | None = None
    cpu_request: int | None = None
    writable: tuple[str, ...] | None = None
    """The only places below which it may write; None is no bound."""


Planner = Callable[[Container], LaunchPlan | Problem]
