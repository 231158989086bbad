"""How a process of a replica is started, read from the running one, so that others can start the same."""

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from flaskship.http_client import BadAnswer, Connection
from flaskship.model.snapshot import Snapshot

LOOK_SECONDS = 0.01
PATIENCE = 120.0


@dataclass(frozen=True)
class Recipe:
    """One process: what to run, where it will answer."""

    application: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    address: str
    port: int

    def homed(self, folder: Path) -> "Recipe":
        """Return the same with a folder of its own for what the replica's folder was."""
        home = folder / self.application
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        return replace(self, env={**self.env, "HOME": str(home), "TMPDIR": str(home / "tmp")})

    def script(self, *before: str) -> str:
        """Return a script that runs the command `before` in the same place, then becomes the process."""
        given = shlex.join(f"{name}={value}" for name, value in self.env.items())
        first = f"env -i {given} {shlex.join(before)} || exit\n" if before else ""
        last = f"exec env -i {given} {shlex.join(self.argv)}"
        return f"cd {shlex.quote(self.cwd)} || exit\n{first}{last}\n"


def read_recipes(snapshot: Snapshot) -> dict[str, Recipe]:
    """Return the recipe of the first running replica of each workload; the engine's marks are left out."""
    found = {}
    for workload in snapshot.workloads:
        replica = next(one for one in workload.replicas if one.pid and one.address)
        proc = Path(f"/proc/{replica.pid}")
        argv = tuple(proc.joinpath("cmdline").read_bytes().decode().rstrip("\0").split("\0"))
        pairs = proc.joinpath("environ").read_bytes().decode().rstrip("\0").split("\0")
        env = dict(pair.split("=", 1) for pair in pairs if not pair.startswith("FLASKSHIP_"))
        cwd = str(proc.joinpath("cwd").readlink())
        address = str(replica.address)
        found[workload.name] = Recipe(workload.name, argv, env, cwd, address, int(env["PORT"]))
    return found


async def answering(host: str, port: int, path: str = "/ready", since: float = 0.0) -> float:
    """Return when the address first answered 200 to a request sent after `since`, on perf_counter's clock."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        sent = time.perf_counter()
        with contextlib.suppress(OSError, BadAnswer, TimeoutError):
            async with asyncio.timeout(5), await Connection.open(host, port) as connection:
                answer = await connection.get(path)
                if answer.status == 200 and sent >= since:
                    return time.perf_counter()
        await asyncio.sleep(LOOK_SECONDS)
    raise SystemExit(f"http://{host}:{port}{path} does not answer")


async def all_answering(recipes: Iterable[Recipe]) -> float:
    """Return when the last of them answered /ready."""
    return max(await asyncio.gather(*(answering(one.address, one.port) for one in recipes)))


async def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, then make its whole session; return when it is gone."""
    process.terminate()
    try:
        await asyncio.to_thread(process.wait, 20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def start(recipe: Recipe, log: Path) -> "subprocess.Popen[bytes]":
    """Start the process by itself, as a shell would."""
    with log.open("ab") as out:
        return subprocess.Popen(
            recipe.argv,
            env=recipe.env,
            cwd=recipe.cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
