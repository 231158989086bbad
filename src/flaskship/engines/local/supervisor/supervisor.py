"""Every environment of a project: restored at the start, moved by releases, ended on request."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import msgspec

from flaskship.engines.local.images import collect_garbage
from flaskship.engines.local.manifests.release import read_release
from flaskship.engines.local.processes.ports import Addresses, Placement
from flaskship.engines.local.resting import stopped
from flaskship.engines.local.routes import Route
from flaskship.engines.local.spawner.records import Record
from flaskship.engines.local.spec import LocalRelease, Service
from flaskship.engines.local.state import Intent
from flaskship.engines.local.state_file import once_changed
from flaskship.engines.local.steps import step
from flaskship.engines.local.supervisor import ingress, observing, services
from flaskship.engines.local.supervisor.custody import is_unfinished, take_custody
from flaskship.engines.local.supervisor.environment import EnvironmentRuntime
from flaskship.engines.local.supervisor.generation import Generation, restart_mark
from flaskship.engines.local.supervisor.ingress import Entrance
from flaskship.engines.local.supervisor.locks import Locks
from flaskship.engines.local.supervisor.router_link import RouterLink
from flaskship.engines.local.supervisor.secret_store import configurations_of
from flaskship.engines.local.supervisor.services import ListenerPlan
from flaskship.engines.local.supervisor.strays import ANY, end_strays, routes_to, strays_of
from flaskship.engines.local.supervisor.world import World
from flaskship.engines.local.version import code_version
from flaskship.model.errors import ConfigurationError, FlaskshipError, PausedError
from flaskship.model.named import Named
from flaskship.model.release import Release
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Receipt, Verdict

KEPT_IMAGES = 2
WITHOUT_LOCK = ("pause", "resume")
STEERED = {"restart": "Restarted", "scale": "Scaled", "pause": "Paused", "resume": "Resumed"}
"""The reason of the event that tells of each action."""
"""What steers the rollout of whoever holds the lock."""
COLLECT_IMAGES = step("collect_images")
REMOVE_ENVIRONMENT_FOLDER = step("remove_environment_folder")
ABANDONED_SECONDS = 2.0
STRAYS = "processes of it run that the state does not know: `up` and `deploy` replace them, `down` ends them"


def _lost(environment: str) -> str:
    return f"lost:{environment}"


HERE = Named("local")
"""Of the commands that are told: whoever asks may have another engine by flaskship.yaml."""


class Supervisor:
    """The one writer of the state; its environments live on its event loop."""

    def __init__(self, world: World, link: RouterLink, addresses: Addresses) -> None:
        self.world = world
        self.link = link
        self._addresses = addresses
        self.locks = Locks(world.state, world.now)
        self.environments: dict[str, EnvironmentRuntime] = {}
        self.ended = asyncio.Event()
        self.retired = asyncio.Event()
        self.leaving = False
        self.version = code_version()
        self._strays: dict[str, list[Record]] = {}
        self._custody: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take over what runs, and start again what should run but does not."""
        known = await self.world.launcher.open()
        gone, self._strays = strays_of(self.world, known)
        await end_strays(self.world, gone)
        # Before anything is started: what no state knows may use the same data and ports. Where nothing
        # will be started it serves on until somebody changes that environment.
        for intent in self.world.state.intents():
            if intent.running or self.world.state.replicas(intent.environment):
                await end_strays(self.world, self._strays.pop(intent.environment, ()))
        await self.link.open()
        for place in self.world.state.placements().values():
            self._addresses.reserve(place.address)
        for intent in self.world.state.intents():
            if intent.running or self.world.state.replicas(intent.environment):
                self._restore(intent)
        lost = {
            _lost(name): routes_to(self.world.paths.routes, those) for name, those in self._strays.items()
        }
        known_routes = {runtime.name: runtime.routes() for runtime in self.environments.values()}
        await self.link.restore({**lost, **known_routes})

    async def apply(self, release: Release, token: str, key: str) -> int:
        """Start moving to the release; FlaskshipError, and nothing changed, where it cannot run here."""
        name = release.environment
        self.locks.require(name, token)
        applied = self.world.state.revision_of(key)
        if applied is not None:
            return applied
        await self._end_custody(name)
        spec = read_release(release.documents)
        if not spec.deployments and not spec.jobs:
            raise ConfigurationError(f"the manifests of {name} hold no workload")
        self._refuse_paused(name, Generation(0, release, spec, {}))
        configurations = configurations_of(self.world.paths, name, spec)
        listeners = self._listeners(name, spec)
        with services.bound(self.link, listeners):
            number = self.world.state.add_revision(release, self.world.now(), key)
        intent = self.world.state.intent(name)
        assert intent is not None
        intent = self._without_gone_pauses(intent, spec)
        generation = Generation(number, release, spec, configurations)
        runtime = self.environments.get(name)
        if runtime is None:
            runtime = self._runtime(intent)
            runtime.start(partial(self._make_room, runtime))
        runtime.move_to(intent, generation, listeners)
        runtime.event(release.name, "Applied", f"revision {number}")
        return number

    def _without_gone_pauses(self, intent: Intent, spec: LocalRelease) -> Intent:
        """A workload that the release drops, and a later one brings back, is not paused by that."""
        kept = tuple(one for one in intent.paused if one in {each.name for each in spec.deployments})
        if kept != intent.paused:
            intent = replace(intent, paused=kept)
            self.world.state.save_intent(intent)
        return intent

    def _refuse_paused(self, environment: str, planned: Generation) -> None:
        """Raise where a pause would hold the release; what it leaves as it is may stay paused."""
        intent, runtime = self.world.state.intent(environment), self.environments.get(environment)
        held = []
        for one in planned.spec.deployments:
            if intent is None or one.name not in intent.paused:
                continue
            now = runtime.workloads.get(one.name) if runtime is not None else None
            key = planned.template_key(one, intent.restarts.get(one.name, ""))
            if now is None or now.template != key or not now.progress.complete:
                held.append(one)
        if held:
            listed = ", ".join(f"{one.origin}/{one.name}" for one in held)
            raise PausedError(
                f"{environment} cannot be deployed: {listed} {'is' if len(held) == 1 else 'are'} paused",
                hint="; ".join(HERE.command("resume", environment, one.application) for one in held),
            )

    def conclude(
        self, environment: str, revision: int, verdict: Verdict, receipt: Receipt | None, token: str
    ) -> None:
        """Record what a revision came to and forget those beyond the history limit."""
        self.locks.require(environment, token)
        with once_changed():
            self._record(environment, revision, verdict, receipt)

    def observe(self, environment: str) -> Snapshot:
        """Return the environment at this instant."""
        runtime = self.environments.get(environment)
        if runtime is not None:
            return observing.snapshot(runtime)
        intent = self.world.state.intent(environment)
        snapshot = stopped(self.world.state, environment, intent, self.world.now())
        return replace(snapshot, notes=(*snapshot.notes, STRAYS)) if self._living(environment) else snapshot

    def steer(self, environment: str, workload: str, action: Mapping[str, object], token: str) -> None:
        """Restart, scale, pause or resume one workload."""
        if action.get("kind") not in WITHOUT_LOCK:
            self.locks.require(environment, token)
        runtime = self.environments.get(environment)
        if runtime is None or workload not in runtime.workloads:
            raise ConfigurationError(f"{environment} runs no workload {workload}")
        intent, kind = runtime.intent, action.get("kind")
        if kind == "restart":
            stamp = restart_mark(self.world.now(), intent.revision)
            intent = replace(intent, restarts={**intent.restarts, workload: stamp})
        elif kind == "scale":
            replicas = msgspec.convert(action.get("replicas"), int)
            intent = replace(intent, scales={**intent.scales, workload: replicas})
        elif kind == "pause":
            intent = replace(intent, paused=tuple(sorted({*intent.paused, workload})))
        elif kind == "resume":
            intent = replace(intent, paused=tuple(name for name in intent.paused if name != workload))
        else:
            raise ConfigurationError(f"a rolling update on this machine knows no {kind}")
        self.world.state.save_intent(intent)
        runtime.event(workload, STEERED[str(kind)], "asked for by a command")
        runtime.steer(intent)

    async def delete(self, environment: str, token: str, *, purge: bool) -> None:
        """Stop everything of the environment; with purge its history and folder go too."""
        self.locks.require(environment, token)
        await self._end_custody(environment)
        for name in (environment, ANY):
            await self._end_strays(name)
        intent = self.world.state.intent(environment)
        if intent is not None and intent.running:
            intent = replace(intent, running=False, scales={}, restarts={}, paused=())
            self.world.state.save_intent(intent)
        runtime = self.environments.get(environment)
        if runtime is not None:
            await self._stop(runtime)
        if purge:
            with once_changed():
                self.world.state.forget(environment)
            self.world.paths.secrets(environment).unlink(missing_ok=True)
            with REMOVE_ENVIRONMENT_FOLDER:
                await asyncio.to_thread(
                    shutil.rmtree, self.world.paths.environment(environment), ignore_errors=True
                )

    @property
    def holds(self) -> bool:
        """Tell whether anything runs, be it of the state or not."""
        return bool(self.environments) or any(self._living(name) for name in self._strays)

    def _living(self, environment: str) -> list[Record]:
        return [
            one for one in self._strays.get(environment, ()) if not self.world.launcher.ending(one.uid).done()
        ]

    async def _end_strays(self, environment: str, routes: Callable[[], tuple[Route, ...]] = tuple) -> None:
        if environment in self._strays:
            await end_strays(self.world, self._strays[environment])
            await self.link.update(environment, routes, instead_of=_lost(environment))
            self._strays.pop(environment, None)

    async def _make_room(self, runtime: EnvironmentRuntime) -> None:
        """Before anything is started: what no state knows may use the same data."""
        await self._end_strays(runtime.name, runtime.routes)
        self._sweep_folders(runtime.name)

    def busy(self) -> str:
        """Return who changes an environment now, or which one is moving by itself; empty when nobody."""
        return self.locks.in_use() or next(iter(self._custody), "")

    async def look_after(self) -> None:
        """Finish every rollout whose command has died, also one of an earlier supervisor; until cancelled."""
        while True:
            await self.world.sleep(ABANDONED_SECONDS)
            for name in self.environments:
                if self.locks.holder(name) is None:
                    self.command_lost(name)

    def command_lost(self, environment: str) -> None:
        """Finish by ourselves the rollout of a command that went away before its verdict."""
        runtime = self.environments.get(environment)
        if runtime is None or environment in self._custody or not runtime.intent.running:
            return
        if not is_unfinished(self.world.state, environment, runtime.intent.revision):
            return
        task = asyncio.create_task(take_custody(self, runtime))
        self._custody[environment] = task
        task.add_done_callback(lambda _: self._custody.pop(environment, None))

    def undo(self, environment: str, release: Release) -> int:
        """Apply an earlier release again as a new revision, without a command."""
        runtime = self.environments[environment]
        spec = read_release(release.documents)
        listeners = self._listeners(environment, spec)
        with services.bound(self.link, listeners):
            number = self.world.state.add_revision(release, self.world.now())
        intent = self.world.state.intent(environment)
        assert intent is not None
        configurations = configurations_of(self.world.paths, environment, spec)
        runtime.move_to(intent, Generation(number, release, spec, configurations), listeners)
        return number

    def record(self, environment: str, revision: int, verdict: Verdict) -> None:
        """Record a verdict that this process came to by itself."""
        self._record(environment, revision, verdict, None)

    async def close(self, *, stop: bool) -> None:
        """Let go of everything that runs; with stop (nothing runs) the router and the spawner end too."""
        for name in list(self._custody):
            await self._end_custody(name)
        for task in list(self._stopping):
            task.cancel()
        await asyncio.gather(*self._stopping, return_exceptions=True)
        for runtime in self.environments.values():
            await runtime.detach()
        await self.link.close(stop=stop)
        await self.world.launcher.close(stop=stop)
        self.world.state.close()

    def _record(self, environment: str, revision: int, verdict: Verdict, receipt: Receipt | None) -> None:
        runtime = self.environments.get(environment)
        generation = runtime.generations.get(revision) if runtime else None
        images: dict[str, str] = {}
        workloads = generation.spec.deployments if generation else ()
        for workload in workloads:
            reference = workload.template.main.image
            images[workload.application] = generation.image(reference) or reference if generation else ""
        limit = max((workload.history_limit for workload in workloads), default=10)
        self.world.state.conclude(environment, revision, verdict, receipt, images)
        self.world.state.prune(environment, max(2, limit + 1))
        with COLLECT_IMAGES:
            collect_garbage(self.world.paths.project, self.world.state.pinned_images(), keep=KEPT_IMAGES)
        if runtime:
            runtime.event(runtime.intent.release, "Concluded", f"revision {revision} {verdict.outcome.value}")
            runtime.changed()

    def _restore(self, intent: Intent) -> None:
        state = self.world.state
        records = state.replicas(intent.environment)
        self._sweep_folders(intent.environment)
        runtime = self._runtime(intent)
        for number in {intent.revision, *(record.revision for record in records)}:
            with contextlib.suppress(FlaskshipError):
                release = state.release(intent.environment, number)
                spec = read_release(release.documents)
                configurations = configurations_of(self.world.paths, intent.environment, spec)
                runtime.generations[number] = Generation(number, release, spec, configurations)
        generation = runtime.generations.get(intent.revision)
        if generation is None:
            intent = replace(intent, running=False)
        listeners: tuple[ListenerPlan | Entrance, ...] = ()
        if generation is not None and intent.running:
            listeners = self._listeners(intent.environment, generation.spec)
            with services.bound(self.link, listeners):
                runtime.move_to(intent, generation, listeners)
        runtime.adopt(records)
        runtime.start()
        if generation is not None and not intent.running:
            # A deletion was under way: nobody may ask for it again.
            task = asyncio.create_task(self._stop(runtime))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

    def _runtime(self, intent: Intent) -> EnvironmentRuntime:
        runtime = EnvironmentRuntime(self.world, self.link, self._addresses, intent)
        self.environments[intent.environment] = runtime
        return runtime

    async def _stop(self, runtime: EnvironmentRuntime) -> None:
        await runtime.stop()
        if self.environments.get(runtime.name) is runtime:
            del self.environments[runtime.name]

    def _sweep_folders(self, environment: str) -> None:
        # What an earlier supervisor had no time to remove, and the logs of Jobs that it kept.
        known = {record.name for record in self.world.state.replicas(environment)}
        for folder in (self.world.paths.environment(environment) / "replicas").glob("*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _listeners(self, environment: str, spec: LocalRelease) -> tuple[ListenerPlan | Entrance, ...]:
        plans: list[ListenerPlan | Entrance] = []
        for service in spec.services:
            if service.type != "ExternalName" and service.ports:
                plans += services.plan_listeners(environment, service, self._place(environment, service))
        if spec.ingresses:
            known = self.world.state.placements().get((environment, ingress.PLACE))
            place = ingress.choose_place(environment, known, self.link)
            self.world.state.save_placement(environment, ingress.PLACE, place)
            plans.append(ingress.plan_entrance(environment, spec, place))
        return tuple(plans)

    def _place(self, environment: str, service: Service) -> Placement:
        wanted = [port.port for port in service.ports]
        known = self.world.state.placements().get((environment, service.name))
        if known is not None and all(port in known.ports for port in wanted):
            return known
        place = self._addresses.allocate(wanted)
        self.world.state.save_placement(environment, service.name, place)
        return place

    async def _end_custody(self, environment: str) -> None:
        task = self._custody.pop(environment, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
