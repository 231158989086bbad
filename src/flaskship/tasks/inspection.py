"""Asking this machine what doctor wants to know."""

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from flaskship.model.errors import FlaskshipError
from flaskship.model.project import ImageSource, Project
from flaskship.tasks.machine import Asked, Interpreter, Machine, Port


async def inspect(project: Project, wanted: Iterable[Port]) -> Machine:
    """Look at everything once; what cannot be looked at says so in its place."""
    contained, uncontained = _containment(project.root)
    return Machine(
        python=sys.version_info[:3],
        helm=_helm(),
        uv=_uv(),
        free_disk=shutil.disk_usage(project.root).free,
        ports=tuple(_held(port, project.root) for port in wanted),
        contained=contained,
        uncontained=uncontained,
        interpreters=tuple([await _interpreter(project.root, source) for source in project.images]),
    )


def _helm() -> Asked:
    try:
        import helm_python
    except (ImportError, OSError) as error:
        return Asked(False, f"the Helm library does not load: {error}")
    return Asked(True, f"Helm library {getattr(helm_python, '__version__', '')}".rstrip())


def _uv() -> Asked:
    try:
        from uv import find_uv_bin

        return Asked(True, f"uv at {find_uv_bin()}")
    except (ImportError, FileNotFoundError) as error:
        return Asked(False, f"uv is missing: {error}")


def _held(port: Port, root: Path) -> Port:
    from flaskship.engines.local.processes.listeners import holder_of

    holder = holder_of(port.number, "127.0.0.1")
    if holder is None:
        return port
    return replace(port, holder=str(holder), ours=holder.pid is not None and _is_ours(holder.pid, root))


def _is_ours(pid: int, root: Path) -> bool:
    import psutil

    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return "--project" in words and os.fspath(root) in words


def _containment(root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from flaskship.engines.local.processes.containment import choose_containment
    from flaskship.engines.local.processes.watchdog import Excess, Watchdog

    async def nobody(_: Excess) -> None:
        return None

    description = choose_containment(root, watchdog=lambda: Watchdog(root, nobody)).describe()
    return tuple(f"{held} by {description.kind}" for held in description.contained), description.uncontained


async def _interpreter(root: Path, source: ImageSource) -> Interpreter:
    from flaskship.engines.local.images.context import locate_dockerfile
    from flaskship.engines.local.images.interpreter import choose_interpreter
    from flaskship.engines.local.images.plan import read_dockerfile, wanted_python
    from flaskship.engines.local.images.process import run_job

    try:
        asked, _ = wanted_python(read_dockerfile(locate_dockerfile(source.context)))
    except FlaskshipError as error:
        return Interpreter(source.repository, problem=str(error))
    cache = root / ".flaskship" / "images" / ".interpreters.json"
    found, stands_in = await choose_interpreter(asked, os.environ, cache, run_job)
    return Interpreter(source.repository, asked, found.version, stands_in and asked is not None)
