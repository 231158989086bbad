"""Clients of the API in a process of their own: each request has its answer, or is counted with its failure.

python -m benchmarks.traffic PORT: asks until its input ends, telling on each line what was counted so far.
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

SECONDS = 30.0
TELL_SECONDS = 0.5
LONGEST = 100
GET = b"GET /health HTTP/1.1\r\nHost: bench\r\n%b\r\n"
DUE = (datetime.now(UTC) + timedelta(days=2)).isoformat()
BODY = b'{"message": "benchmark", "due_at": "%b"}' % DUE.encode()
POST = b"POST /reminders HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
POST += b"Content-Length: %d\r\n%%b\r\n" % len(BODY) + BODY
CLOSE = b"Connection: close\r\n"


@dataclass(frozen=True)
class Kind:
    """One kind of client: what it asks, and whether it keeps its connection."""

    name: str
    request: bytes
    wanted: int
    keep: bool
    clients: int


KINDS = (
    Kind("GET, keep-alive", GET, 200, True, 4),
    Kind("GET, reconnecting", GET, 200, False, 4),
    Kind("POST, keep-alive", POST, 201, True, 1),
    Kind("POST, reconnecting", POST, 201, False, 1),
)


@dataclass
class Count:
    """What was sent, and what went wrong, in words."""

    sent: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, dict[str, int]]:
        return {"sent": dict(self.sent), "failed": dict(self.failed)}


async def ask(port: int, kind: Kind, count: Count, stop: asyncio.Event) -> None:
    """Ask again and again; a kept connection is opened anew after a failure, or where the server says so."""
    request = kind.request % (b"" if kind.keep else CLOSE)
    reader = writer = None
    while not stop.is_set():
        try:
            async with asyncio.timeout(SECONDS):
                if reader is None or writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                status, stays, body = await answer(reader)
            failure = "" if status == kind.wanted else f"status {status}: {said(body)}"
        except asyncio.IncompleteReadError as error:
            failure, stays = ("answer cut off" if error.partial else "closed without an answer"), False
        except TimeoutError:
            failure, stays = f"no answer within {SECONDS:g} s", False
        except (OSError, ValueError) as error:
            failure, stays = f"{type(error).__name__}", False
        count.sent[kind.name] += 1
        if failure:
            count.failed[f"{kind.name}: {failure}"] += 1
        if writer is not None and not (kind.keep and stays):
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool, bytes]:
    """Read one answer with a Content-Length; return its status, whether the connection stays, its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    return int(head[9:12]), b"\r\nconnection: close" not in head, body


def said(body: bytes) -> str:
    """Return why, in the words of a problem+json or of anything else."""
    try:
        problem = json.loads(body)
        return str(problem.get("detail") or problem.get("title"))
    except (ValueError, AttributeError):
        return body[:LONGEST].decode(errors="replace").strip()


async def drive(port: int) -> None:
    count, stop = Count(), asyncio.Event()
    loop = asyncio.get_running_loop()
    waiting = loop.run_in_executor(None, sys.stdin.read)
    waiting.add_done_callback(lambda _: stop.set())
    clients = [
        asyncio.create_task(ask(port, kind, count, stop)) for kind in KINDS for _ in range(kind.clients)
    ]
    while not stop.is_set():
        print(json.dumps(count.document()), flush=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELL_SECONDS):
                await stop.wait()
    await asyncio.gather(*clients)
    print(json.dumps(count.document()), flush=True)


if __name__ == "__main__":
    asyncio.run(drive(int(sys.argv[1])))
