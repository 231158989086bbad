"""Lifecycle hooks: what each kind does, and how each failure is told."""

import asyncio
from pathlib import Path

from flaskship.engines.local.spec import Exec, Handler, HttpGet, Sleep
from flaskship.engines.local.supervisor.hooks import run_hook
from flaskship.engines.local.supervisor.world import LaunchPlan


class Clock:
    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def run(hook: Handler, folder: Path, *, seconds: float = 20.0, port: int = 1) -> tuple[str, Clock]:
    clock = Clock()
    plan = LaunchPlan(("true",), {"PATH": "/usr/bin:/bin", "WHO": "web"}, str(folder), {})
    said = await run_hook(hook, "127.0.0.1", lambda _: port, plan, seconds, clock.sleep)
    return said, clock


async def test_a_command_runs_with_the_variables_and_the_folder_of_its_container(tmp_path: Path) -> None:
    said, _ = await run(Exec(("/bin/sh", "-c", "echo $WHO > here")), tmp_path)
    assert said == ""
    assert (tmp_path / "here").read_text() == "web\n"


async def test_a_command_that_fails_says_its_code_and_its_words(tmp_path: Path) -> None:
    assert (await run(Exec(("/bin/sh", "-c", "echo why; exit 3")), tmp_path))[0] == "exit 3: why"
    assert (await run(Exec(("/no/such",)), tmp_path))[0].startswith("exit 127")


async def test_a_command_that_never_ends_is_ended(tmp_path: Path) -> None:
    said, _ = await run(Exec(("/bin/sh", "-c", "sleep 600")), tmp_path, seconds=0.2)
    assert said == "no end within 0.2 s"


async def test_a_sleep_is_the_clocks(tmp_path: Path) -> None:
    said, clock = await run(Sleep(7), tmp_path)
    assert (said, clock.slept) == ("", [7])


async def test_a_request_succeeds_by_its_answer(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        status = b"200 OK" if b"/good" in asked else b"500 Oops"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await run(HttpGet("/good", 80), tmp_path, port=port))[0] == ""
        said, _ = await run(HttpGet("/bad", 80), tmp_path, port=port)
    assert "500 Oops" in said
    assert "/bad" in said
