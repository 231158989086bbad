"""Everything that the stories need from outside, so that a test can tell them with a world of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flaskship.engines.base import Engine
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location
from flaskship.model.project import Environment, ImageSource, Project
from flaskship.model.release import Document, LogLine, Provenance
from flaskship.model.snapshot import Snapshot
from flaskship.model.usage import Use
from flaskship.model.verdict import Cause, Receipt, Verdict
from flaskship.tasks.machine import Machine, Met, Port

if TYPE_CHECKING:  # most commands have no use for what these load
    from flaskship.aws.rehearsal.outcome import Rehearsal
    from flaskship.containers.shipment import Pushed, Shipment, Shipped
    from flaskship.policy.rule import Rule

Layered = Any
"""The merged values with their origins: made by layer_values and handed on unread."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the chart made of one environment's values."""

    manifests: str
    documents: tuple[Document, ...]
    notes: str = ""
    chart_digest: str = ""
    hooks: tuple[Document, ...] = ()
    """What Helm runs at events of the release, such as its tests."""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What was given to the chart beside its own defaults."""
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """Kind and name of each object -> the file of the chart that made it."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image on this machine; findings are what its build could not honour."""

    repository: str
    id: str
    source: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What one address said when asked for its health, in words."""

    url: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One layer of values that set a path."""

    layer: str
    path: str
    location: Location
    value: Any
    height: int = 0
    """How many layers are below it."""


@dataclass(frozen=True, slots=True)
class Around:
    """Whether a path of the values is there, the paths below it, and the nearest one where it is not."""

    present: bool
    below: tuple[str, ...] = ()
    nearest: str | None = None
    implied: str | None = None
    """What counts where nobody says it, and why."""
    known: tuple[str, ...] = ()
    """What stands at the level where the path ends to be there."""


class Report(Protocol):
    """Hears how far a story is; it prints, or a test remembers."""

    def step(self, message: str) -> None:
        """Something began or was decided."""

    def warn(self, message: str) -> None:
        """Something the user should know and can go on without."""

    def saw(self, snapshot: Snapshot) -> None:
        """The environment looks like this now."""

    def log(self, line: LogLine) -> None:
        """A replica wrote a line."""


@dataclass(frozen=True, slots=True)
class World:
    """The clock, the files, the chart, the images, the network and the engines."""

    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    load_project: Callable[[Path], Project]
    layer_values: Callable[[Project, Environment, Sequence[Path], Sequence[str]], Layered]
    locate: Callable[[Layered, Document, str], Location | None]
    find_in_template: Callable[[str, Document, str], Location]
    """Where the file of a chart writes a field of one of its objects."""
    origins: Callable[[Layered, str], tuple[Setting, ...]]
    around: Callable[[Layered, str], Around]
    render: Callable[[Project, Environment, Layered, int, bool], Rendered]
    build_image: Callable[[Project, ImageSource, Report], Awaitable[BuiltImage]]
    ship: "Callable[[Shipment, Report], Awaitable[Shipped]]"
    pushed: "Callable[[Project], Sequence[Pushed]]"
    local_source: Callable[[Project, str], str | None]
    """The source hash of a local image's id."""
    argo: Callable[[Environment], Awaitable[Sequence[Document]]]
    """The Argo CD Applications that the environment's cluster shows."""
    open_engine: Callable[[Project, Environment, str], Engine]
    judge: Callable[[Snapshot, float], Verdict | None]
    causes: Callable[[Snapshot, float], tuple[Cause, ...]]
    relapses: Callable[[Snapshot, Snapshot], tuple[Cause, ...]]
    """Causes of what was healthy in the first snapshot and has not stayed so in the second."""
    is_failing: Callable[[Snapshot], bool]
    """Whether a liveness probe fails, though it has not brought about a restart yet."""
    drive: Callable[[str, asyncio.Event], Awaitable[Receipt]]
    rules: "Callable[[], Sequence[Rule]]"
    check_health: Callable[[str, float], Awaitable[HealthAnswer]]
    inspect: Callable[[Project, Iterable[Port]], Awaitable[Machine]]
    meet: Callable[[Iterable[Environment]], Awaitable[tuple[Met, ...]]]
    measure: Callable[[Engine, Environment, Snapshot, float, Report], Awaitable[Mapping[str, Use]]]
    """Looks at the replicas of a snapshot for some seconds; what each uses, by its name."""
    provenance: Callable[[Path, str], Provenance]
    rehearse: "Callable[[Project, Sequence[str], str, Report], Rehearsal]"
    """The AWS infrastructure, applied and destroyed on this machine."""
    failing: Callable[[Snapshot], tuple[Cause, ...]] = lambda _: ()
    """Causes of liveness probes that fail, though none has brought about a restart yet."""
    crashed: Callable[[Snapshot], tuple[Cause, ...]] = lambda _: ()
    """Causes of new replicas whose containers failed a moment ago, though they run again."""
    foresee: Callable[[], None] = lambda: None
    """Load what a render needs, beside what the caller waits for meanwhile."""
