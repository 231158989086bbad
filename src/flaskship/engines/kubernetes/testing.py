"""A release's own tests (`helm test`): those of one weight at once, each as Helm runs it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import suppress
from itertools import groupby

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ConflictError, NotFoundError, RefusedError
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.storage import LastRun
from flaskship.engines.kubernetes.transport import Object
from flaskship.engines.kubernetes.trying import Hook, Later, at_once, hook_of, run_hook

TEST = "test"
ATTEMPTS = 3
Sleep = Callable[[float], Awaitable[None]]


async def hooks_of(cluster: Cluster, place: Place, revision: int) -> tuple[Hook, ...]:
    """Return a revision's tests in Helm's order; none where Helm does not have the revision."""
    try:
        content = await storage.content(cluster, place, revision)
    except NotFoundError:
        return ()
    found = [hook_of(one) for one in content.get("hooks") or () if TEST in (one.get("events") or ())]
    return tuple(sorted(found, key=lambda one: (one.weight, one.kind, one.name)))


async def run_tests(
    cluster: Cluster,
    place: Place,
    revision: int,
    sleep: Sleep = asyncio.sleep,
    prepared: MutableMapping[str, Object] | None = None,
    waits: Callable[[str], None] = lambda _: None,
    hooks: tuple[Hook, ...] | None = None,
    later: Later = at_once,
) -> tuple[Trial, ...]:
    """Run the tests in the order of their weights, those of one weight together, up to a weight that fails.

    Helm's record of the revision then says how each ended, as after `helm test`. Those that were prepared are
    taken out of what is given; what is left there never began.

    hooks: the revision's tests, where they are known. later has them recorded and cleaned up.
    """
    waiting = {} if prepared is None else prepared
    tested: list[Trial] = []
    hooks = await hooks_of(cluster, place, revision) if hooks is None else hooks
    for _, group in groupby(hooks, key=lambda one: one.weight):
        ended = await _together(cluster, place, tuple(group), sleep, waiting, waits, later)
        await later(_record(cluster, place, revision, [run for _, run in ended]))
        tested += [trial for trial, _ in ended]
        if not all(trial.passed for trial, _ in ended):
            break
    return tuple(tested)


async def _together(
    cluster: Cluster,
    place: Place,
    hooks: Sequence[Hook],
    sleep: Sleep,
    prepared: MutableMapping[str, Object],
    waits: Callable[[str], None],
    later: Later,
) -> list[tuple[Trial, LastRun]]:
    async def one(hook: Hook) -> tuple[Trial, LastRun]:
        began = cluster.now()
        try:
            ready = prepared.pop(hook.name, None)
            trial = await run_hook(cluster, place.namespace, hook, sleep, ready, waits, later)
        except RefusedError as refused:
            # A quota, an admission rule or a missing permission: that says nothing of the release.
            trial = Trial(hook.name, False, refused.message, ran=False)
        return trial, LastRun(hook.name, began, cluster.now(), trial.passed)

    running = [asyncio.create_task(one(hook)) for hook in hooks]
    try:
        return await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _record(cluster: Cluster, place: Place, revision: int, runs: Iterable[LastRun]) -> None:
    known = tuple(runs)
    for _ in range(ATTEMPTS):
        # Where Helm wrote the same revision meanwhile, what it wrote is read again.
        with suppress(ConflictError):
            await storage.write_last_runs(cluster, place, revision, known)
            return
