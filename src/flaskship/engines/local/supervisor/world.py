"""What every replica needs from the outside, injected in one piece."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.spec import Container
from flaskship.engines.local.state import State
from flaskship.engines.local.supervisor.launcher import Launcher
from flaskship.model.snapshot import Problem


@dataclass(frozen=True, slots=True)
class World:
    """The state, the processes and the clock (Unix seconds) that replicas live by."""

    paths: LocalPaths
    state: State
    launcher: Launcher
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    random_name: Callable[[], str]


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """How one container's process is started on this machine."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    ports: dict[int, int]
    """Container port -> the port on the replica's address that stands for it."""
    memory_limit: int | None = None
    cgroup: tuple[str, ...] | None = None
    rlimits: dict[str, int] | None = None


Planner = Callable[[Container], LaunchPlan | Problem]
