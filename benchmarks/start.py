"""Four applications from manifests to all Ready, against honcho starting the same processes."""

import asyncio
import time
from pathlib import Path

from benchmarks import honcho
from benchmarks.figures import Goal, Options, Result, Series, ratio
from benchmarks.recipe import read_recipes
from benchmarks.stand import Stand, stand
from flaskship.model.release import Release

NAME = "start"
LIMIT = 1.25
MIGRATE: tuple[str, ...] = ("python", "-m", "tomorrows.migrate")
VARIANTS = {"with migrations": (), "without migrations": ("defaults.migrations=false",)}


def run(options: Options) -> Result:
    return asyncio.run(_run(options))


async def _run(options: Options) -> Result:
    result = Result(NAME)
    async with stand() as here:
        python: Path | None = None
        try:
            python = honcho.install(here.root)
        except honcho.Unavailable as error:
            result.notes.append(f"honcho is not compared: {error}")
        for variant, sets in VARIANTS.items():
            await _compare(here, variant, sets, python, options, result)
    return result


async def _compare(
    here: Stand, variant: str, sets: tuple[str, ...], python: Path | None, options: Options, result: Result
) -> None:
    release = here.render(*sets)
    recipes = read_recipes(await here.move(release))
    await here.stop()
    folder = here.root / variant.replace(" ", "-")
    folder.mkdir()
    before = dict.fromkeys(migrating(release), MIGRATE)
    other = honcho.Honcho(python, folder, list(recipes.values()), before) if python else None
    rendering = Series(f"rendering, {variant}")
    warm = Series(f"running supervisor, {variant}")
    cold = Series(f"cold supervisor, {variant}")
    theirs = Series(f"honcho, {variant}")
    for number in options.each_round(f"start, {variant}"):
        sides = [_warm, _cold]
        for side in sides if number % 2 == 0 else sides[::-1]:
            (warm if side is _warm else cold).values.append(await side(here, release))
        if other:
            theirs.values.append(await other.measure())
        began = time.perf_counter()
        here.render(*sets)
        rendering.values.append(time.perf_counter() - began)
    result.series += [theirs, warm, cold, rendering]
    if other:
        for ours in (warm, cold):
            rendered = Series("", values=[a + b for a, b in zip(ours.values, rendering.values, strict=True)])
            result.goals.append(Goal(f"{ours.name}, over honcho", ratio(ours, theirs), LIMIT))
            result.goals.append(
                Goal(f"{ours.name}, rendering included, over honcho", ratio(rendered, theirs), LIMIT)
            )


def migrating(release: Release) -> list[str]:
    """Return the workloads whose pods migrate the database before they start."""
    return [
        str(document["metadata"]["name"])
        for document in release.documents
        if document["kind"] == "Deployment" and document["spec"]["template"]["spec"].get("initContainers")
    ]


async def _warm(here: Stand, release: Release) -> float:
    await here.engine.environments()
    return await _measure(here, release)


async def _cold(here: Stand, release: Release) -> float:
    await here.rest()
    return await _measure(here, release)


async def _measure(here: Stand, release: Release) -> float:
    began = time.perf_counter()
    await here.move(release)
    taken = here.after - began
    await here.stop()
    return taken
