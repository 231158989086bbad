"""One kill: an operation on a prepared environment, the fault, what the survivors make of it."""

import asyncio
import contextlib
import subprocess
from dataclasses import dataclass

from tests.faults import operations
from tests.faults.operations import OPERATIONS, Case, answers, gone, uids, whole
from tests.faults.town import PATIENCE, Town, python
from tests.faults.watch import Watch

from flaskship.model.errors import FlaskshipError
from flaskship.model.snapshot import Snapshot

STANDING = "town"
"""The environment that runs all the time."""


@dataclass(frozen=True)
class Kill:
    operation: str
    step: str
    side: str
    victim: str

    nth: int = 1

    @property
    def fault(self) -> str:
        return f"{self.step}:{self.side}:{self.victim}:{self.nth}"

    def __str__(self) -> str:
        return f"{self.victim}-{self.operation}-{self.side}-{self.step}-{self.nth}"


class Ground:
    """What a case finds before it begins: a running environment, or a new name."""

    def __init__(self, town: Town, operation: str) -> None:
        self.town, self.operation = town, operation
        self.case = Case(town, STANDING, "")
        self.before: Snapshot | None = None
        self.version = ""

    async def prepare(self) -> Case:
        number = self.town.number()
        if self.operation == "first-apply":
            self.case = Case(self.town, f"new{number}", f"v{number}")
            return self.case
        name = f"old{number}" if self.operation == "delete" else STANDING
        await self._running(name, f"v{number}")
        if self.operation == "scale":
            await self._scaled(name, 1)
        self.version = self._version()
        argument = {"scale": "2", "delete": ""}.get(self.operation, f"v{number}b")
        self.case = Case(self.town, name, argument)
        return self.case

    async def _running(self, name: str, version: str) -> None:
        engine = self.town.engine()
        self.before = await engine.observe(name)
        await engine.close()
        if self.before.release is None or not self.before.workloads:
            await operations.update(Case(self.town, name, version))
            self.before = await self.town.settle(name, lambda snapshot, _: whole(snapshot))

    async def _scaled(self, name: str, replicas: int) -> None:
        """Scaling up has steps that scaling down has not: the case begins where it can go up."""
        assert self.before is not None
        if self.before.workloads[0].desired != replicas:
            await operations.scale(Case(self.town, name, str(replicas)))
            self.before = await self.town.settle(name, lambda snapshot, _: whole(snapshot, replicas))

    def _version(self) -> str:
        assert self.before is not None
        return operations.ask(operations.url(self.before))[1]

    async def intended(self, *, acknowledged: bool) -> None:
        """Wait for what the operation wanted; where nobody was told so, doing nothing is right as well."""
        town, case = self.town, self.case
        if self.operation == "delete":
            if not acknowledged:
                await operations.delete(case)
            await town.settle(case.environment, gone)
            return
        desired = self._desired(acknowledged=acknowledged)
        snapshot = await town.settle(
            case.environment,
            lambda s, history: (
                (not history and not acknowledged)
                or (any(whole(s, n) for n in desired) and all(one.outcome for one in history))
            ),
        )
        if not snapshot.workloads:
            return
        self._check_versions(snapshot, acknowledged=acknowledged)

    def _desired(self, *, acknowledged: bool) -> set[int]:
        if self.operation == "scale":
            wanted = {int(self.case.argument)}
            return wanted if acknowledged else {1, 2}
        assert self.before is None or self.before.workloads
        return {self.before.workloads[0].desired} if self.before and self.operation == "restart" else {1, 2}

    def _check_versions(self, snapshot: Snapshot, *, acknowledged: bool) -> None:
        case = self.case
        if self.operation == "undo":
            assert answers(snapshot, self.version)
        elif self.operation in ("update", "first-apply"):
            old = [self.version] if self.version and not acknowledged else []
            assert any(answers(snapshot, one) for one in [case.argument, *old])
        elif self.operation == "restart" and acknowledged:
            assert self.before is not None
            assert not uids(snapshot) & uids(self.before)

    async def leave(self) -> None:
        """What a case made for itself goes again."""
        if self.case.environment != STANDING:
            await operations.delete(self.case)


async def run(town: Town, kill: Kill) -> tuple[int, int]:
    """Carry the case out and check that nothing was lost, doubled or left."""
    ground = Ground(town, kill.operation)
    case = await ground.prepare()
    since = await town.restart_supervisor(kill.fault)
    try:
        return await _cut(town, kill, ground, case, since)
    except BaseException:
        # The next case begins from nothing, and is not blamed for this one.
        with contextlib.suppress(FlaskshipError):
            await operations.delete(case)
        raise
    finally:
        await town.let_go()


async def _cut(town: Town, kill: Kill, ground: Ground, case: Case, since: int) -> tuple[int, int]:
    url = operations.url(ground.before) if ground.before and kill.operation != "delete" else None
    with town.watch(url, case.environment) as watch:
        acknowledged = await command(town, kill, case)
        # What retires an old replica goes on after the command has its verdict.
        cut = f"fault kills {kill.victim}"
        await town.until(lambda: cut in town.said(since), what=str(kill))
        await ground.intended(acknowledged=acknowledged)
    _judge(town, kill, case, watch)
    await ground.leave()
    await town.clean()
    return watch.sent, len(watch.failed)


def _judge(town: Town, kill: Kill, case: Case, watch: Watch) -> None:
    assert not watch.doubles, f"started twice: {watch.doubles}"
    assert watch.most <= 3, f"{watch.most} replicas at once"
    if kill.victim != "router":
        assert not watch.failed, "\n".join(
            ["requests were lost", *watch.failed, *town.events(case.environment)]
        )


async def command(town: Town, kill: Kill, case: Case) -> bool:
    """Return whether the command ended by itself and said that it was well."""
    if kill.victim != "cli":
        async with asyncio.timeout(PATIENCE):
            await OPERATIONS[kill.operation](case)
        return True
    line = python("-m", "tests.faults.operations", str(town.project), town.image, kill.operation)
    ended = await asyncio.to_thread(
        subprocess.run,
        [*line, case.environment, case.argument],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ended.returncode in (0, -9), ended.stderr.decode()
    return ended.returncode == 0
