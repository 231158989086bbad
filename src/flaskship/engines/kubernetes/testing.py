"""A release's own tests (`helm test`): those of one weight at once, each as Helm runs it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Tests:
    """A revision's tests in Helm's order, and the Secret of Helm that they were read from."""

    hooks: tuple[Hook, ...] = ()
    secret: Object | None = field(default=None, repr=False)


async def tests_of(cluster: Cluster, place: Place, revision: int) -> Tests:
    """Return a revision's tests; none where Helm does not have the revision."""
    try:
        secret = await storage.secret(cluster, place, revision)
    except NotFoundError:
        return Tests()
    content = storage.content_of(secret)
    found = [hook_of(one) for one in content.get("hooks") or () if TEST in (one.get("events") or ())]
    return Tests(tuple(sorted(found, key=lambda one: (one.weight, one.kind, one.name))), secret)


async def hooks_of(cluster: Cluster, place: Place, revision: int) -> tuple[Hook, ...]:
    """Return a revision's tests alone."""
    return (await tests_of(cluster, place, revision)).hooks


async def run_tests(
    cluster: Cluster,
    place: Place,
    revision: int,
    sleep: Sleep = asyncio.sleep,
    prepared: MutableMapping[str, Object] | None = None,
    waits: Callable[[str], None] = lambda _: None,
    known: Tests | None = None,
    records: Later = at_once,
    cleans: Later = at_once,
) -> tuple[Trial, ...]:
    """Run the tests in the order of their weights, those of one weight together, up to a weight that fails.

    Helm's record of the revision then says how each ended, as after `helm test`. Those that were prepared are
    taken out of what is given; what is left there never began.

    known: the revision's tests, where they were read. records and cleans have Helm's record written, and what
    is left of a test removed, at once or beside what comes next.
    """
    waiting = {} if prepared is None else prepared
    tested: list[Trial] = []
    known = await tests_of(cluster, place, revision) if known is None else known
    secret = known.secret
    for _, group in groupby(known.hooks, key=lambda one: one.weight):
        ended = await _together(cluster, place, tuple(group), sleep, waiting, waits, cleans)
        await records(_record(cluster, place, revision, [run for _, run in ended], secret))
        secret = None  # from here on it is another one
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
    cleans: Later,
) -> list[tuple[Trial, LastRun]]:
    async def one(hook: Hook) -> tuple[Trial, LastRun]:
        began = cluster.now()
        try:
            ready = prepared.pop(hook.name, None)
            trial = await run_hook(cluster, place.namespace, hook, sleep, ready, waits, cleans)
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


async def _record(
    cluster: Cluster, place: Place, revision: int, runs: Iterable[LastRun], secret: Object | None
) -> None:
    known = tuple(runs)
    for attempt in range(ATTEMPTS):
        # Where Helm wrote the same revision meanwhile, what it wrote is read again.
        with suppress(ConflictError):
            await storage.write_last_runs(cluster, place, revision, known, None if attempt else secret)
            return
