"""Rightsize: what the replicas use beside what they ask for, and the lines of values that would fit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flaskship.model.location import Location
from flaskship.model.project import Environment, Project
from flaskship.model.quantity import parse_bytes, parse_cpu
from flaskship.model.release import Document
from flaskship.model.snapshot import Snapshot
from flaskship.model.usage import Use
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.reading import reading
from flaskship.tasks.targets import runs
from flaskship.tasks.world import Report, World

Kind = Literal["cpu", "memory"]
MIB = 2**20
ROOM: Mapping[Kind, int] = {"cpu": 130, "memory": 120}
"""Percent of the most that was used."""
STEP: Mapping[Kind, int] = {"cpu": 10, "memory": 16 * MIB}
LEAST: Mapping[Kind, int] = {"cpu": 10, "memory": 32 * MIB}
NEAR = 20
"""Percent by which a request may differ from what would fit, without a word."""
WORKLOADS = ("Deployment", "Rollout")


@dataclass(frozen=True, slots=True)
class Fit:
    """One request of an application: used by the hungriest replica, asked for, and what would fit.

    Thousandths of a core, or bytes. Asked is None where the values ask for nothing, fitting where nothing has
    to change.
    """

    application: str
    kind: Kind
    used: int
    asked: int | None
    fitting: int | None
    set_at: Location | None = None

    @property
    def path(self) -> str:
        """Where in the values of the environment the request belongs."""
        return f"applications.{self.application}.resources.requests.{self.kind}"

    @property
    def text(self) -> str:
        """What would fit, as a quantity; what is asked for where that fits."""
        amount = self.fitting if self.fitting is not None else self.asked or 0
        return f"{amount}m" if self.kind == "cpu" else f"{amount // MIB}Mi"


@dataclass(frozen=True, slots=True)
class Sized:
    """What was measured, on which engine, and of how many replicas."""

    environment: str
    engine: str
    replicas: Mapping[str, int]
    fits: tuple[Fit, ...]
    unmeasured: tuple[str, ...]


async def rightsize(
    world: World,
    project: Project,
    environment: Environment,
    seconds: float,
    report: Report,
    engine: str | None = None,
) -> Sized:
    """Measure the replicas that run, and compare with what the values ask for today; nothing is changed."""
    plan = draft(world, project, environment, Wish(), 1, is_upgrade=True)
    async with reading(world, project, environment, engine) as (opened, snapshot):
        uses: Mapping[str, Use] = {}
        if runs(snapshot):
            report.step(f"looking at {environment.name} on {opened.name} for {seconds:g} s")
            uses = await world.measure(opened, environment, snapshot, seconds, report)
        fits: list[Fit] = []
        counted = {}
        for document in plan.rendered.documents:
            if document["kind"] not in WORKLOADS:
                continue
            name = document["metadata"]["name"]
            mine = [use for replica, use in uses.items() if replica in _replicas(snapshot, name)]
            counted[name] = len(mine)
            for fit in fitted(name, mine, asked(document)):
                place = world.locate(plan.layered, document, f"resources.requests.{fit.kind}")
                fits.append(Fit(fit.application, fit.kind, fit.used, fit.asked, fit.fitting, place))
        unmeasured = tuple(name for name, count in counted.items() if not count)
        return Sized(environment.name, opened.name, counted, tuple(fits), unmeasured)


def asked(document: Document) -> Mapping[Kind, int | None]:
    """Return what a workload's main container asks for."""
    name = document["metadata"]["name"]
    containers: Iterable[Document] = document["spec"]["template"]["spec"]["containers"]
    main = next(container for container in containers if container["name"] == name)
    requests = (main.get("resources") or {}).get("requests") or {}
    return {
        "cpu": parse_cpu(requests["cpu"]) if "cpu" in requests else None,
        "memory": parse_bytes(requests["memory"]) if "memory" in requests else None,
    }


def fitted(application: str, uses: Sequence[Use], requests: Mapping[Kind, int | None]) -> Sequence[Fit]:
    """Return what fits the replica that used most; nothing where none was measured."""
    if not uses:
        return ()
    used: Mapping[Kind, int] = {
        "cpu": round(max(use.cpu_milli for use in uses)),
        "memory": max(use.memory_bytes for use in uses),
    }
    return [
        Fit(application, kind, used[kind], have, _fitting(kind, used[kind], have))
        for kind, have in requests.items()
    ]


def _fitting(kind: Kind, used: int, have: int | None) -> int | None:
    wanted = -(-used * ROOM[kind] // 100)
    wanted = max(LEAST[kind], -(-wanted // STEP[kind]) * STEP[kind])
    near = have is not None and abs(wanted - have) * 100 <= NEAR * have
    return None if near else wanted


def _replicas(snapshot: Snapshot, application: str) -> frozenset[str]:
    return frozenset(
        replica.name
        for workload in snapshot.workloads
        if workload.name == application
        for replica in workload.replicas
    )
