"""A world for the stories: a fake engine, a chart that is a dictionary, and a network that always answers."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.contract.documents import deployment, service
from tests.contract.fake import Clock, FakeCluster, FakeEngine, FakeState

from flaskship.aws.rehearsal.outcome import Checked, DriftFound, Fact, Rehearsal, StackRun
from flaskship.containers.shipment import Loading, Pushed, Shipment, Shipped
from flaskship.engines.base import Engine
from flaskship.model.errors import ConfigurationError, PreflightError
from flaskship.model.location import Location
from flaskship.model.project import Environment, ImageSource, Project
from flaskship.model.release import Document, LogLine, Provenance
from flaskship.model.snapshot import ReplicaPhase, Snapshot
from flaskship.model.usage import Use
from flaskship.model.verdict import Cause, Outcome, Receipt, Verdict
from flaskship.policy.rule import Rule
from flaskship.tasks.machine import Asked, Machine, Met, Port
from flaskship.tasks.world import Around, BuiltImage, HealthAnswer, Rendered, Report, Setting, World
from flaskship.verification.relapse import crashed, failing, is_failing, relapses

REPOSITORY = "cloudandparth/my-demo-app"
IMAGE = f"{REPOSITORY}:1.0"
DIGEST = "sha256:" + "d" * 64
API, WORKER = "my-tomorrows-api", "my-tomorrows-worker"


@dataclass
class Told:
    """A report that remembers."""

    steps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)

    def step(self, message: str) -> None:
        self.steps.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def saw(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def log(self, line: LogLine) -> None:
        self.lines.append(line)


class Stage:
    """Everything that a test may change: what the chart renders, what the image is, who answers."""

    def __init__(self, root: Path = Path("/project")) -> None:
        self.clock = Clock()
        self.state = FakeState(self.clock)
        self.cluster: FakeState | None = None
        """Where the engine kubernetes finds what it runs; None where no cluster can be had."""
        self.engines: list[FakeEngine] = []
        self.make: Callable[[FakeState], FakeEngine] = FakeEngine
        self.applications: dict[str, dict[str, Any]] = {API: {"node_port": 30080}, WORKER: {}}
        self.image_id = "sha256:one"
        self.built: list[str] = []
        self.shipments: list[Shipment] = []
        self.pushed: list[Pushed] = []
        self.sources: dict[str, str] = {}
        """The source hash of each local image's id."""
        self.argo: list[Document] | None = None
        """The Applications that the cluster shows; None where it cannot be asked."""
        self.driven: list[str] = []
        self.lost_requests = 0
        self.answers: dict[str, str] = {}
        self.machine = Machine((3, 12, 1), Asked(True, "Helm 4"), Asked(True, "uv"), 9 << 30, (), ("memory",))
        self.met: tuple[Met, ...] = ()
        self.origins: tuple[Setting, ...] = ()
        self.around = Around(present=True)
        self.rules: tuple[Rule, ...] = ()
        self.project = Project(
            root,
            "my-app",
            root / "infra/helmchart",
            (ImageSource(REPOSITORY, root / "app"),),
            (
                Environment("dev", "dev-apps", "my-app-dev", "local", None, None, "cli"),
                Environment(
                    "staging", "staging-apps", "my-app-staging", "kubernetes", "staging", "dev", "cli"
                ),
            ),
        )

    def engine(self) -> FakeEngine:
        self.engines.append(self.make(self.state))
        return self.engines[-1]

    def environment(self, name: str = "dev") -> Environment:
        return self.project.environment(name)

    def world(self) -> World:
        return World(
            now=self.clock,
            sleep=self.clock.sleep,
            load_project=lambda _: self.project,
            layer_values=self._layer,
            locate=self._locate,
            find_in_template=lambda file, document, field: Location(file, 7),
            origins=lambda layered, path: self.origins,
            around=lambda layered, path: self.around,
            render=self._render,
            build_image=self._build,
            ship=self._ship,
            pushed=lambda _: self.pushed,
            local_source=lambda _, image: self.sources.get(image),
            argo=self._argo,
            open_engine=self._open,
            judge=judge,
            causes=lambda snapshot, now: (),
            relapses=relapses,
            failing=failing,
            crashed=crashed,
            is_failing=is_failing,
            drive=self._drive,
            rules=lambda: self.rules,
            check_health=self._check,
            inspect=self._inspect,
            meet=self._meet,
            measure=self._measure,
            provenance=lambda _, reason: Provenance("ada", reason, "c0ffee"),
            rehearse=lambda _, stacks, environment, report: rehearsed(stacks, environment, report),
        )

    async def _measure(
        self, engine: Engine, environment: Environment, snapshot: Snapshot, seconds: float, report: Report
    ) -> dict[str, Use]:
        await self.clock.sleep(seconds)
        return {
            one.name: Use(8.0, 90 * 2**20) for workload in snapshot.workloads for one in workload.replicas
        }

    def _layer(
        self, _: Project, environment: Environment, files: Sequence[Path], sets: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        layered = {name: dict(options) for name, options in self.applications.items()}
        for one in sets:
            path, equals, value = one.partition("=")
            keys = path.split(".")
            if not equals or keys[0] != "applications" or len(keys) < 3:
                raise ConfigurationError(
                    f"--set {one}: not K=V of an application", location=Location("--set")
                )
            layered[keys[1]][keys[2]] = [value.strip("{}")] if value.startswith("{") else value
        return layered

    def _locate(self, layered: dict[str, Any], document: Document, field: str) -> Location | None:
        return Location("infra/helmchart/values-dev.yaml", 12) if field == "command" else None

    def _render(
        self,
        project: Project,
        environment: Environment,
        layered: dict[str, dict[str, Any]],
        revision: int,
        is_upgrade: bool,
    ) -> Rendered:
        documents: list[Document] = []
        for name, given in layered.items():
            options = dict(given)
            node_port = options.pop("node_port", None)
            replicas = int(options.pop("replicas", 1))
            documents.append(deployment(name, IMAGE, replicas=replicas, **options))
            documents.append(service(name, node_port=node_port))
        return Rendered("---\nkind: Deployment\n", tuple(documents), "Enjoy.", "sha256:chart")

    async def _build(self, project: Project, source: ImageSource, report: Report) -> BuiltImage:
        self.built.append(source.repository)
        return BuiltImage(source.repository, self.image_id)

    def _open(self, project: Project, environment: Environment, name: str) -> Engine:
        if name != "local" and self.cluster is not None:
            self.engines.append(FakeCluster(self.cluster))
            return self.engines[-1]
        if name != "local":
            raise PreflightError("this version deploys to this machine only", hint="flaskship up staging")
        return self.engine()

    async def _ship(self, shipment: Shipment, report: Report) -> Shipped:
        self.shipments.append(shipment)
        to = shipment.destination
        if isinstance(to, Loading):
            names = tuple(f"{shipment.repository}:{tag}" for tag in shipment.tags)
            return Shipped(shipment.repository, "source", "docker", names, to.into or "kind")
        found = Pushed(to.repository, shipment.tags[0], DIGEST, "source", self.clock())
        self.pushed.append(found)
        return Shipped(shipment.repository, "source", "docker", (found.reference,), pushed=(found,))

    async def _argo(self, environment: Environment) -> Sequence[Document]:
        if self.argo is None:
            raise PreflightError(f"the cluster of {environment.name} does not answer")
        return self.argo

    async def _drive(self, url: str, until: asyncio.Event) -> Receipt:
        self.driven.append(url)
        await until.wait()
        return Receipt(120, self.lost_requests, 1.5, 4.25, 2.0)

    async def _check(self, url: str, patience: float) -> HealthAnswer:
        for part, message in self.answers.items():
            if part in url:
                return HealthAnswer(url, False, message)
        return HealthAnswer(url, True, "200")

    async def _inspect(self, project: Project, wanted: Iterable[Port]) -> Machine:
        return replace(self.machine, ports=(*self.machine.ports, *wanted))

    async def _meet(self, _: Iterable[Environment]) -> tuple[Met, ...]:
        return self.met


def judge(snapshot: Snapshot, now: float) -> Verdict | None:
    """The simplest true judge: two ends or a missed deadline fail, everything complete is a success."""
    causes = []
    for workload in snapshot.workloads:
        for replica in workload.replicas:
            if replica.current and replica.phase is ReplicaPhase.BACK_OFF and len(replica.exits) > 1:
                message = f"exited with code {replica.exits[-1].code} twice"
                causes.append(
                    Cause("ExitedNonZero", message, workload.application, replica.name, ("boom",), "command")
                )
        late = not workload.complete and not workload.paused
        if late and now - workload.progressed_at > workload.progress_deadline:
            causes.append(Cause("ProgressDeadlineExceeded", "never became ready", workload.application))
    if causes:
        return Verdict(Outcome.FAILED, tuple(causes))
    return Verdict(Outcome.SUCCESSFUL) if all(one.complete for one in snapshot.workloads) else None


def rehearsed(stacks: Sequence[str], environment: str, report: Report) -> Rehearsal:
    """Return what a rehearsal of one stack would: good, but for an environment called prod."""
    if "netwrok" in stacks:
        raise ConfigurationError("there is no stack 'netwrok'")
    report.step("network   [####################] 1/1 create")
    run = StackRun("network", 1, 2.0, 1.0, 1.0, destroyed=environment != "prod")
    facts = (Fact("network", "the nodes alone reach the database", True, "nodes"),)
    drift = (DriftFound("network", "DNS host names were switched off", "aws_vpc.this", True),)
    instead = (Checked("network reachability", "rules of ours"),)
    return Rehearsal(environment, "5.100.0", 4.0, (run,), facts, drift, ("eks:CreateAddon",), (), (), instead)
