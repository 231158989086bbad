"""Asking the tools beside Flaskship for their versions; a cluster is asked by its engine."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flaskship.model.project import Environment
from flaskship.tasks.machine import Met

PATIENCE = 5.0
"""Seconds for one answer: a tool that hangs must not hold up the rest."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program wrote, and whether it ended well."""

    ok: bool
    out: str
    err: str


async def meet(
    environments: Iterable[Environment], which: Callable[[str], str | None] = shutil.which
) -> tuple[Met, ...]:
    """Ask helm and terraform at once; one that cannot be asked says so in its place."""
    needs_terraform = any(one.writer == "terraform" for one in environments)
    return tuple(await asyncio.gather(_helm(which("helm")), _terraform(which("terraform"), needs_terraform)))


async def _helm(path: str | None) -> Met:
    if path is None:
        return Met("helm", None, "none, and none is needed: Flaskship brings its Helm library")
    answer = await ask([path, "version", "--template", "{{.Version}}"])
    return Met("helm", answer.out.strip() if answer.ok else f"{first_line(answer)} ({path})")


async def _terraform(path: str | None, needed: bool) -> Met:
    if path is None:
        advice = "install Terraform 1.11 or later" if needed else None
        return Met("terraform", None, "none; only the Terraform roots need it", needed, advice=advice)
    answer = await ask([path, "version", "-json"])
    version = field_of(answer, "terraform_version")
    return Met("terraform", version or f"{first_line(answer)} ({path})", needed=needed)


async def ask(argv: Sequence[str], patience: float = PATIENCE) -> Answer:
    """Run a program for its answer; it is ended and reaped where it takes longer than `patience`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return Answer(False, "", f"does not start: {error.strerror}")
    try:
        out, err = await asyncio.wait_for(process.communicate(), patience)
    except TimeoutError:
        return Answer(False, "", f"no answer within {patience:g} s")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Answer(process.returncode == 0, out.decode(errors="replace"), err.decode(errors="replace"))


def field_of(answer: Answer, *path: str) -> str | None:
    """Return a text from an answer in JSON; None where it is not there."""
    try:
        found = json.loads(answer.out)
        for key in path:
            found = found[key]
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) else None


def first_line(answer: Answer) -> str:
    """Return the first line that a program said about its failure, cut to what fits a screen."""
    said = (answer.err or answer.out).strip() or "no word"
    return said.splitlines()[0][:160]
