import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from flaskship.engines.local.supervisor import log_caps, log_stream
from flaskship.engines.local.supervisor.log_stream import Source, merged, stated_time, stream_logs

A, B = Source("web", "web-a", Path("a")), Source("web", "web-b", Path("b"))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('{"at": "1970-01-01T00:01:40.500+00:00", "event": "x"}', 100.5),
        ("1970-01-01T00:00:07Z started", 7.0),
        ("[1970-01-01 00:00:08,250+00:00] INFO", 8.25),
        ("no time at all", None),
        ("x" * 300 + "1970-01-01T00:00:07Z", None),
        ("1970-13-45T00:00:07Z", None),
    ],
)
def test_a_line_says_when_it_was_written(text, at):
    assert stated_time(text) == at


def test_lines_of_replicas_are_merged_by_time_and_a_traceback_stays_whole():
    first = ("1970-01-01T00:00:01Z one", "Traceback", "  File", "1970-01-01T00:00:09Z nine")
    second = ("1970-01-01T00:00:02Z two", "1970-01-01T00:00:03Z three")
    lines = [(line.replica, line.text[-5:].strip()) for line in merged([(A, first), (B, second)])]
    assert lines == [
        ("web-a", "Z one"),
        ("web-a", "eback"),
        ("web-a", "File"),
        ("web-b", "Z two"),
        ("web-b", "three"),
        ("web-a", "nine"),
    ]


class Cutting:
    """A log that is cut when the test says so."""

    def __init__(self, path):
        self.path, self.due, self.done = path, asyncio.Event(), asyncio.Event()

    def watch(self, path):
        pass

    def close(self):
        pass

    async def changed(self):
        self.done.set()
        await self.due.wait()
        self.due.clear()
        return frozenset({self.path})

    async def cut(self):
        self.done.clear()
        self.due.set()
        await self.done.wait()


class Replica:
    """What `logs` asks a replica for."""

    init, containers, application = (), ("web",), "web"
    record = SimpleNamespace(name="web-a", workload="web")

    def __init__(self, path):
        self.log = lambda _: path


async def test_each_line_comes_once_across_cuts_also_to_who_follows(tmp_path, monkeypatch):
    monkeypatch.setattr(log_stream, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(log_caps, "MOST_BYTES", 1)
    path, written = tmp_path / "web.log", []
    cutting = Cutting(path)
    caps = log_caps.LogCaps(cutting)
    supervisor = SimpleNamespace(
        environments={"dev": SimpleNamespace(replicas={"a": Replica(path)})},
        world=SimpleNamespace(logs=caps, now=lambda: 5.0),
    )

    def write(count, end="\n"):
        first = len(written)
        written.extend(f"line {number}" for number in range(first, first + count))
        with path.open("a") as file:
            file.write("\n".join(written[first:]) + end)

    async def tail(count):
        return [line.text async for line in stream_logs(supervisor, "dev", None, tail=count, follow=False)]

    task = asyncio.create_task(caps.run())
    write(4)
    await cutting.cut()
    write(3)
    assert await tail(2) == written[-2:]
    assert await tail(5) == written[-5:]
    assert await tail(100) == written
    stream = stream_logs(supervisor, "dev", None, tail=100, follow=True)
    seen = [(await anext(stream)).text for _ in written]
    for _ in range(3):
        write(3, end="")
        await cutting.cut()
        with path.open("a") as file:
            file.write("\n")
        write(2)
        seen += [(await anext(stream)).text for _ in range(5)]
    assert seen == written
    await stream.aclose()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
