"""What our chart costs to render, against the fastest way known to write the same objects.

The other side is benchmarks/fastest: one file, one loop, one mergeOverwrite of a deepCopy for each
application, no toYaml/fromYaml round trip, no rules, no schema. Both must give the same objects.
Processor time is counted, that of Go's garbage collector included. Each side of a round has a process
of its own, so that no side collects what the other one left, and one processor, so that idle ones do not
help the collector by as much as the machine has to spare; its figure is the lowest of three renders.
"""

import json
import os
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.figures import Goal, Options, Result, Series, ratio
from flaskship.chart import helm, manifests
from flaskship.chart.project import load_project
from flaskship.chart.values import layer_values

ROOT = Path(__file__).resolve().parents[1]
RELEASE = helm.ReleaseFacts("prod-apps", "my-app-prod")
SIZES = (10, 100, 1000)
TINY_SIZES = (2, 4)
RENDERS = 3
SCHEMA = "values.schema.json"


def values_of(size: int) -> dict[str, Any]:
    """Production's values with this many workers, each of which changes a few values of its own."""
    project = load_project(ROOT)
    values: dict[str, Any] = json.loads(json.dumps(layer_values(project, project.environment("prod")).merged))
    values["defaults"].update(role="worker", webhooks={"allow": [], "deliver": True})
    values["defaults"]["autoscaling"]["enabled"] = True
    values["tests"] = {"enabled": False}
    values["applications"] = {
        f"app-{number:04d}-worker": {
            "env": {"SERIAL": str(number)},
            "resources": {"limits": {"memory": f"{256 + number}Mi"}},
            "autoscaling": {"maxReplicas": 3 + number % 7},
        }
        for number in range(size)
    }
    return values


def objects(chart: Path, values: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """What a chart renders for the applications."""
    documents = manifests.arrange(helm.render(chart, values, RELEASE))
    return {
        (str(one.content["kind"]), str(one.content["metadata"]["name"])): one.content
        for one in documents
        if "app.kubernetes.io/name" in one.content["metadata"]["labels"]
    }


def verify_same(sides: dict[str, Path]) -> int:
    """Stop where the sides differ; return the number of objects of one application."""
    values = values_of(3)
    ours, theirs = (objects(chart, values) for chart in (sides["ours"], sides["fastest"]))
    for key in {**ours, **theirs}:
        if ours.get(key) != theirs.get(key):
            raise SystemExit(f"the two sides differ in {key}:\n{ours.get(key)}\n{theirs.get(key)}")
    return len(ours) // 3


def run(options: Options) -> Result:
    """Render with both sides in alternating rounds, at each size."""
    sizes = TINY_SIZES if options.tiny else SIZES
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "helmchart"
        shutil.copytree(ROOT / "infra" / "helmchart", bare)
        (bare / SCHEMA).unlink()
        sides = {
            "ours": ROOT / "infra" / "helmchart",
            "ours without schema": bare,
            "fastest": ROOT / "benchmarks" / "fastest",
        }
        result = Result("render")
        result.notes.append(f"{verify_same(sides)} objects of each application, the same on both sides")
        for size in sizes:
            measure(result, sides, size, options)
    judge(result, sizes)
    return result


def measure(result: Result, sides: dict[str, Path], size: int, options: Options) -> None:
    """Add the processor milliseconds of each side at one size, round by round."""
    values = values_of(size)
    series = {name: Series(f"{name}, {size} applications", "ms") for name in sides}
    for turn in options.each_round(f"render {size}"):
        for name in list(sides) if turn % 2 else reversed(sides):
            series[name].values.append(alone(sides[name], values))
    result.series += series.values()


def alone(chart: Path, values: dict[str, Any]) -> float:
    """The processor milliseconds of a render in a new process, with one processor."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=keep_to_one) as process:
        return process.submit(milliseconds, chart, values).result()


def keep_to_one() -> None:
    """Leave this process one processor; Go counts them when it is loaded."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def milliseconds(chart: Path, values: dict[str, Any]) -> float:
    """The lowest of a few renders, the first of which warms up and does not count."""
    took = []
    for _ in range(RENDERS + 1):
        before = time.process_time()
        helm.render(chart, values, RELEASE)
        took.append(1000 * (time.process_time() - before))
    return min(took[1:])


def judge(result: Result, sizes: tuple[int, ...]) -> None:
    """State the goals at the largest size, and the fixed cost at the smaller ones."""
    found = {one.name: one for one in result.series}
    for size in sizes:
        ours, fastest = found[f"ours, {size} applications"], found[f"fastest, {size} applications"]
        result.notes.append(
            f"{size} applications: {ratio(ours, fastest):.2f}x the fastest, "
            f"{1000 * min(ours.values) / size:.0f} against {1000 * min(fastest.values) / size:.0f} us each"
        )
    small, large = sizes[0], sizes[-1]
    ours, fastest = found[f"ours, {large} applications"], found[f"fastest, {large} applications"]
    result.goals.append(Goal(f"{large} applications against the fastest", ratio(ours, fastest), 1.2))
    each = {size: min(found[f"ours, {size} applications"].values) / size for size in (small, large)}
    result.goals.append(
        Goal(f"linear: one of {large} costs no more than one of {small}", each[large] / each[small], 1.0)
    )
