"""Commands run beside a container: exec probes and preStop hooks."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from typing import Protocol

MOST_OUTPUT = 4096


class Surroundings(Protocol):
    """The environment and working folder that the container has."""

    @property
    def env(self) -> dict[str, str]:
        """Return the variables."""
        ...

    @property
    def cwd(self) -> str:
        """Return the folder."""
        ...


async def run_command(command: Sequence[str], where: Surroundings, seconds: float) -> tuple[int, bytes]:
    """Return the exit code and the first 4 KiB of output; TimeoutError at the limit. No process is left."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=where.env,
            cwd=where.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return (127 if isinstance(error, FileNotFoundError) else 126), str(error).encode()
    assert process.stdout is not None
    output = b""
    try:
        async with asyncio.timeout(seconds):
            while chunk := await process.stdout.read(MOST_OUTPUT):
                output = (output + chunk)[:MOST_OUTPUT]
            code = await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return code, output
