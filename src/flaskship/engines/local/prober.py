"""Performs one probe, as a kubelet would, and tells in words what was asked and answered."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin, urlsplit

from flaskship.engines.local.spec import Exec, HttpGet, Port, TcpSocket
from flaskship.http_client import Answer, BadAnswer, Connection, authority, unverified_tls
from flaskship.model.frozen import dataclass

ANSWER_LIMIT = 2048
MAX_REDIRECTS = 10
FOLLOWED = frozenset({301, 302, 303, 307, 308})
USER_AGENT = ("User-Agent", "kube-probe/1.37")

PortResolver = Callable[[Port], int]
"""Turns a number or the name of a container port into the port to connect to; KeyError for no such name."""

ExecRunner = Callable[[tuple[str, ...], float], Awaitable[tuple[int, bytes]]]
"""Runs a command in the replica's surroundings within so many seconds: (exit code, output).

It ends the command's processes itself when the time is over (TimeoutError) or when it is cancelled.
"""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How one probe went; the answer holds at most the first 2 KiB, without control characters."""

    ok: bool
    request: str
    answer: str
    seconds: float = 0.0
    served: bool = False
    """Whether a server answered, well or not; a command is none."""
    status: int | None = None
    """The HTTP status of the answer that was the result."""


async def probe(
    handler: HttpGet | TcpSocket | Exec,
    address: str,
    port_resolver: PortResolver,
    timeout: float,
    exec_runner: ExecRunner,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> ProbeResult:
    """Probe once; never raises but when cancelled, never takes longer than the timeout, leaves no socket."""
    began = clock()
    request = _describe(handler, address, port_resolver)
    served, status = False, None
    try:
        async with asyncio.timeout(timeout):
            ok, answer, status = await _perform(handler, address, port_resolver, timeout, exec_runner)
        served = not isinstance(handler, Exec)
    except TimeoutError:
        ok, answer = False, f"no answer within {timeout:g} s"
    except KeyError:
        ok, answer = False, "the container has no port of this name"
    except ConnectionRefusedError:
        ok, answer = False, "connection refused: nothing listens there"
    except (BadAnswer, OSError, ValueError, OverflowError) as error:
        ok, answer = False, str(error) or type(error).__name__
    return ProbeResult(ok, request, answer, clock() - began, served, status)


def _describe(handler: HttpGet | TcpSocket | Exec, address: str, port_resolver: PortResolver) -> str:
    if isinstance(handler, Exec):
        return "exec " + " ".join(handler.command)
    try:
        port = str(port_resolver(handler.port))
    except KeyError:
        port = str(handler.port)
    where = f"{handler.host or address}:{port}"
    if isinstance(handler, TcpSocket):
        return f"tcp {where}"
    return f"GET {handler.scheme.lower()}://{where}{_target(handler.path)}"


async def _perform(
    handler: HttpGet | TcpSocket | Exec,
    address: str,
    port_resolver: PortResolver,
    timeout: float,
    exec_runner: ExecRunner,
) -> tuple[bool, str, int | None]:
    if isinstance(handler, Exec):
        code, output = await exec_runner(handler.command, timeout)
        return code == 0, _join(f"exit {code}", cleaned(output)), None
    host, port = handler.host or address, port_resolver(handler.port)
    if isinstance(handler, TcpSocket):
        async with await Connection.open(host, port):
            return True, "connection opened", None
    return await _http(handler, host, port)


async def _http(handler: HttpGet, host: str, port: int) -> tuple[bool, str, int | None]:
    given = {name.lower() for name, _ in handler.headers}
    headers = handler.headers if "user-agent" in given else (*handler.headers, USER_AGENT)
    tls, target, url = handler.scheme == "HTTPS", _target(handler.path), ""
    to_host, to_port = host, port
    for _ in range(MAX_REDIRECTS):
        async with await Connection.open(
            to_host, to_port, tls=unverified_tls() if tls else None
        ) as connection:
            answer = await connection.get(target, headers=headers, body_limit=ANSWER_LIMIT, read_on=False)
        location = answer.header("location") if answer.status in FOLLOWED else None
        if not location:
            return 200 <= answer.status < 400, _words(answer), answer.status
        url = urljoin(url or f"{handler.scheme.lower()}://{authority(host, port)}{target}", location)
        # A kubelet follows no redirect to another host, and takes it for a success.
        if urlsplit(url).hostname != host.lower():
            said = f"{_words(answer)} (redirects to another host: not followed)"
            return True, said, answer.status
        tls, to_host, to_port, target = _place(url)
    return False, f"stopped after {MAX_REDIRECTS} redirects", None


def _place(url: str) -> tuple[bool, str, int, str]:
    """Return whether it is TLS, the host, the port and the target of a redirect."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAnswer(f"redirects to {url}, which is not HTTP")
    tls = parts.scheme == "https"
    try:
        port = parts.port or (443 if tls else 80)
    except ValueError:
        raise BadAnswer(f"redirects to {url}, which has no valid port") from None
    return tls, parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _target(path: str) -> str:
    path = path.partition("#")[0]
    return path if path.startswith("/") else f"/{path}"


def _words(answer: Answer) -> str:
    return _join(f"{answer.status} {answer.reason}".strip(), cleaned(answer.body))


def _join(head: str, body: str) -> str:
    return f"{head}: {body}" if body else head


_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def cleaned(body: bytes) -> str:
    """Return the first 2 KiB as text: not UTF-8 replaced, colours and control characters gone."""
    text = body[:ANSWER_LIMIT].decode("utf-8", errors="replace")
    return _CONTROLS.sub("", _ESCAPES.sub("", text)).strip()
