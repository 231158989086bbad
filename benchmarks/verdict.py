"""The first terminal signal of a failing deploy to its printed cause, by the real command."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Goal, Options, Result, Series
from benchmarks.stand import API, ENVIRONMENT, Stand, stand
from flaskship.model.release import Event

NAME = "verdict"
LIMIT = 2.0
REFUSED = "building from"


@dataclass(frozen=True)
class Failure:
    """One way to fail: what is set, the words of its cause, and the event that brings the terminal signal.

    The signal is taken to be there when the process starts whose end it is, or when the replica is created
    whose configuration is missing: earlier than it really comes, so that the figure is never too good.
    """

    name: str
    sets: str
    words: str
    event: str = "Started"
    count: int = 1


FAILURES = (
    Failure(
        "/bin/false, its second end", f"applications.{API}.command={{/bin/false}}", "ended: exit 1", count=2
    ),
    Failure(
        "import error, its first end",
        f"applications.{API}.command={{python,-c,import missing_module}}",
        "cannot import",
    ),
    Failure(
        "missing ConfigMap",
        f"applications.{API}.envFrom[0].configMapRef.name=nobody-made-this",
        "nobody-made-this",
        event="Created",
    ),
    Failure(
        "missing Secret",
        f"applications.{API}.envFrom[0].secretRef.name=nobody-made-this",
        "nobody-made-this",
        event=REFUSED,
    ),
)


@dataclass(frozen=True)
class Line:
    """One line of the command, and when it came (Unix seconds)."""

    at: float
    text: str


def run(options: Options) -> Result:
    return asyncio.run(_run(options))


async def _run(options: Options) -> Result:
    series = {failure.name: Series(failure.name) for failure in FAILURES}
    async with stand() as here:
        await here.move(here.render())
        for _ in options.each_round(NAME):
            for failure in FAILURES:
                series[failure.name].values.append(await _measure(here, failure))
    goals = [
        Goal(f"{one.name}, to the printed cause, longest", max(one.values), LIMIT) for one in series.values()
    ]
    note = "the failed deploy is undone and verified before its cause is printed; that is included"
    return Result(NAME, list(series.values()), goals, [note])


async def _measure(here: Stand, failure: Failure) -> float:
    began = time.time()
    lines = await asyncio.to_thread(deploy, here.root, failure.sets)
    said = first(lines, failure.words)
    if said is None:
        raise SystemExit(
            f"{failure.name}: the cause was not printed\n" + "\n".join(one.text for one in lines)
        )
    if failure.event == REFUSED:
        # The apply itself refuses: from the line before it was asked.
        asked = first(lines, REFUSED)
        return said - (asked if asked is not None else began)
    events = [event for event in await here.engine.events(ENVIRONMENT) if event.at >= began]
    return said - signal_at(events, failure)


def deploy(root: Path, setting: str) -> list[Line]:
    """Run `flaskship deploy` to its end and return what it printed, with the time of each line."""
    command = [
        sys.executable,
        "-m",
        "flaskship",
        "--project",
        str(root),
        "deploy",
        ENVIRONMENT,
        "--set",
        setting,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    lines = [Line(time.time(), text.rstrip()) for text in process.stdout]
    process.wait()
    return lines


def first(lines: Iterable[Line], words: str) -> float | None:
    """Return when a line with these words came first; one that repeats --set does not count."""
    return next((line.at for line in lines if words in line.text and "--set" not in line.text), None)


def signal_at(events: Iterable[Event], failure: Failure) -> float:
    """Return when the event came for the count-th time in the failing replica's main container."""
    named = "" if failure.event == "Created" else f"container {API}"
    found = [
        event.at
        for event in events
        if event.reason == failure.event and event.object.startswith(API) and event.message.startswith(named)
    ]
    if len(found) < failure.count:
        raise SystemExit(f"{failure.name}: the engine told of no {failure.event}")
    return found[failure.count - 1]
