"""What supervision costs: memory and idle time over four applications, time and memory over many replicas."""

import asyncio
import time
from typing import Any

from benchmarks.figures import Goal, Options, Result, Series
from benchmarks.machine import pss_mib, seconds_used
from benchmarks.stand import ENVIRONMENT, REPOSITORY, Stand, stand
from flaskship.engines.local.images import build_image
from flaskship.model.release import Provenance, Release

NAME = "cost"
MEMORY_MIB = 60.0
IDLE_PERCENT = 0.5
IDLE_SECONDS = 30.0
WINDOWS = 3
SETTLE_SECONDS = 5.0
PERIODS = {
    "6 probes a second": (),
    "3 probes a second": (
        "defaults.probes.readiness.periodSeconds=2",
        "defaults.probes.liveness.periodSeconds=4",
    ),
}
"""Development's periods, and about production's: what an idle supervisor does is to probe."""
SCALE = (10, 50, 100, 200)
LINEAR = 1.5
"""A replica of the largest number may cost so many times what one of the smallest costs."""
IMAGE = "benchmark/trivial:1"
DAEMONS = ("supervisor", "router", "spawner")


def run(options: Options) -> Result:
    return asyncio.run(_run(options))


async def _run(options: Options) -> Result:
    result = Result(NAME)
    async with stand() as here:
        for periods, sets in PERIODS.items():
            await here.move(here.render(*sets))
            await _standing(here, periods, options, result)
        await here.rest()
        image = await build_image(
            here.root, IMAGE.partition(":")[0], REPOSITORY / "benchmarks/trivial", report=lambda _: None
        )
        await _scale(here, image.id, options, result)
    return result


async def _standing(here: Stand, periods: str, options: Options, result: Result) -> None:
    """Measure the processes that stay, while nothing is asked of them but their probes."""
    await asyncio.sleep(options.pick(SETTLE_SECONDS, 0.1))
    daemons = here.daemons()
    memory = {role: Series(f"{role}, memory (PSS), {periods}", "MiB") for role in DAEMONS}
    idle = {role: Series(f"{role}, idle, {periods}", "% of a core") for role in DAEMONS}
    seconds = options.pick(IDLE_SECONDS, 0.2)
    for _ in options.each_round(f"idle, {periods}", WINDOWS):
        before = {role: seconds_used((daemons[role],)) for role in DAEMONS}
        began = time.perf_counter()
        await asyncio.sleep(seconds)
        taken = time.perf_counter() - began
        for role in DAEMONS:
            idle[role].values.append((seconds_used((daemons[role],)) - before[role]) / taken * 100)
            memory[role].values.append(pss_mib(daemons[role]))
    result.series += [*memory.values(), *idle.values()]
    both = memory["supervisor"].median + memory["router"].median
    result.goals.append(Goal(f"memory of supervisor and router, {periods}, MiB", both, MEMORY_MIB))
    busy = idle["supervisor"].median + idle["router"].median
    result.goals.append(
        Goal(f"idle time of supervisor and router, {periods}, % of a core", busy, IDLE_PERCENT)
    )


async def _scale(here: Stand, image: str, options: Options, result: Result) -> None:
    """Start more and more replicas of a trivial server, each time from nothing."""
    numbers = (2, 4) if options.tiny else SCALE
    times, costs = [], []
    for number in numbers:
        ready = Series(f"{number} trivial replicas to ready")
        per = Series("  milliseconds per replica", "ms")
        memory = Series("  memory of the engine's processes", "MiB")
        for _ in options.each_round(f"{number} trivial replicas", WINDOWS):
            began = time.perf_counter()
            await here.move(trivial(number, image))
            ready.values.append(here.after - began)
            per.values.append(ready.values[-1] / number * 1000)
            daemons = here.daemons()
            memory.values.append(sum(pss_mib(daemons[role]) for role in DAEMONS))
            await here.stop()
        result.series += [ready, per, memory]
        times.append(per.median)
        costs.append(memory.median)
    result.goals.append(
        Goal(f"time per replica, {numbers[-1]} over {numbers[0]}", times[-1] / times[0], LINEAR)
    )
    result.notes += [
        f"each replica more costs supervisor, router and spawner "
        f"{(costs[-1] - costs[0]) / (numbers[-1] - numbers[0]):.3f} MiB ({numbers[0]} to {numbers[-1]})"
    ]


def trivial(replicas: int, image: str) -> Release:
    """Return a release of so many trivial servers, with a readiness probe and a Service."""
    labels = {"app.kubernetes.io/name": "trivial"}
    container: dict[str, Any] = {
        "name": "trivial",
        "image": IMAGE,
        "ports": [{"name": "http", "containerPort": 5000}],
        "env": [{"name": "PORT", "value": "5000"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 10},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "trivial", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "trivial"},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    who = Provenance("benchmark")
    return Release(ENVIRONMENT, "bench-apps", "my-app-bench", (deployment, service), who, {IMAGE: image})
