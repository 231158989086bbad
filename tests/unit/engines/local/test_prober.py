"""Probes against real sockets on loopback: servers that answer, hang, lie and break off."""

import asyncio
import contextlib
import gc
import shutil
import ssl
import subprocess
import warnings
from contextlib import asynccontextmanager

import pytest

from flaskship.engines.local.prober import ANSWER_LIMIT, cleaned, probe
from flaskship.engines.local.spec import Exec, HttpGet, TcpSocket


@asynccontextmanager
async def server(*answers: bytes, hang=False, seen=None, tls=None):
    """Give one answer per connection (the last one again), then close; hang keeps it open instead."""
    given = list(answers)
    writers = []

    async def serve(reader, writer):
        writers.append(writer)
        if seen is not None:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
        answer = given.pop(0) if len(given) > 1 else (given[0] if given else b"")
        writer.write(answer)
        if not hang:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        for writer in writers:
            writer.transport.abort()
        listening.close()
        await listening.wait_closed()


async def no_exec(command, timeout):
    raise AssertionError(f"asked to run {command}")


async def ask(handler, *, timeout=5.0, runner=no_exec, ports=int):
    return await probe(handler, "127.0.0.1", ports, timeout, runner)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("status", "ok"),
    [
        ("200 OK", True),
        ("204 No Content", True),
        ("304 Not Modified", True),
        ("399 Odd", True),
        ("400 Bad Request", False),
        ("404 Not Found", False),
        ("503 Service Unavailable", False),
    ],
)
async def test_answers_of_200_to_399_are_successes(status, ok):
    async with server(answer(status)) as port:
        result = await ask(HttpGet("/ready", port))
    assert result.ok is ok
    assert (result.answer, result.status) == (status, int(status[:3]))
    assert result.request == f"GET http://127.0.0.1:{port}/ready"


async def test_the_answer_keeps_the_reason_a_503_gives():
    async with server(answer("503 Service Unavailable", b'{"database":"down"}\n')) as port:
        result = await ask(HttpGet("/ready", port))
    assert result.answer == '503 Service Unavailable: {"database":"down"}'


async def test_the_request_is_a_kubelets():
    seen = []
    async with server(answer("200 OK"), seen=seen) as port:
        await ask(HttpGet("live", port, headers=(("Host", "my.app"), ("X-Probe", "1"))))
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "GET /live HTTP/1.1"
    assert "Host: my.app" in lines
    assert sum(line.startswith("Host:") for line in lines) == 1
    assert "X-Probe: 1" in lines
    assert "Connection: close" in lines
    assert any(line.startswith("User-Agent: kube-probe/") for line in lines)


async def test_a_named_port_is_resolved_and_an_unknown_one_said():
    async with server(answer("200 OK")) as port:
        assert (await ask(HttpGet("/", "http"), ports={"http": port}.__getitem__)).ok
    lost = await ask(HttpGet("/", "metrics"), ports={}.__getitem__)
    assert (lost.ok, lost.answer) == (False, "the container has no port of this name")


async def test_redirects_on_the_same_host_are_followed():
    moved = answer("302 Found", b"", "Location: /elsewhere")
    seen = []
    async with server(moved, answer("503 Service Unavailable"), seen=seen) as port:
        result = await ask(HttpGet("/", port))
    assert not result.ok
    assert seen[1].startswith(b"GET /elsewhere ")


async def test_a_redirect_to_another_host_is_a_success_and_not_followed():
    async with server(answer("302 Found", b"", "Location: http://example.invalid/")) as port:
        result = await ask(HttpGet("/", port))
    assert result.ok
    assert "not followed" in result.answer


@pytest.mark.parametrize("location", ["gopher://127.0.0.1/", "http://127.0.0.1:99999/"])
async def test_a_redirect_to_nonsense_fails_in_words(location):
    async with server(answer("302 Found", b"", f"Location: {location}")) as port:
        result = await ask(HttpGet("/", port))
    assert not result.ok
    assert "redirects to" in result.answer


async def test_an_endless_redirect_ends():
    async with server(answer("302 Found", b"", "Location: /again")) as port:
        result = await ask(HttpGet("/", port))
    assert (result.ok, result.answer, result.status) == (False, "stopped after 10 redirects", None)


async def test_a_refused_connection_is_said():
    async with server(answer("200 OK")) as port:
        pass
    result = await ask(HttpGet("/", port))
    refused = "connection refused: nothing listens there"
    assert (result.ok, result.answer, result.status) == (False, refused, None)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
async def test_a_hanging_server_costs_the_timeout_and_no_more(begun):
    # A guard for a probe that waits on; the server would hang for ever.
    async with server(begun, hang=True) as port, asyncio.timeout(4):
        result = await ask(HttpGet("/", port), timeout=0.05)
    assert (result.ok, result.answer) == (False, "no answer within 0.05 s")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "closed without an answer"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"\x16\x03\x01\x02", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "broke off"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "another protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "headers are longer"),
    ],
)
async def test_what_is_no_answer_is_said_in_words(sent, words):
    async with server(sent, hang=len(sent) > 1000) as port:
        result = await ask(HttpGet("/", port))
    assert not result.ok
    assert words in result.answer or "reset" in result.answer.lower()


async def test_an_endless_body_is_cut_and_counts_by_its_status():
    async def flood(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

    listening = await asyncio.start_server(flood, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    result = await ask(HttpGet("/", port))
    listening.close()
    assert result.ok
    assert len(result.answer) == len("200 OK: ") + ANSWER_LIMIT


async def test_a_line_break_in_a_header_is_never_sent():
    async with server(answer("200 OK")) as port:
        result = await ask(HttpGet("/", port, headers=(("X", "a\r\nY: b"),)))
    assert not result.ok
    assert "line break" in result.answer


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to make a certificate")
async def test_https_takes_any_certificate(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=nobody"]
    subprocess.run([*make, *files], check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with server(answer("200 OK"), seen=[], tls=context) as port:
        result = await ask(HttpGet("/", port, scheme="HTTPS"))
    assert (result.ok, result.answer) == (True, "200 OK")


async def test_https_without_a_server_that_speaks_it_fails_in_words():
    async with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        result = await ask(HttpGet("/", port, scheme="HTTPS"))
    assert not result.ok
    assert result.request.startswith("GET https://")
    assert result.answer


async def test_tcp_succeeds_when_the_port_opens():
    async with server(b"") as port:
        assert (await ask(TcpSocket(port))).ok
    closed = await ask(TcpSocket(port))
    assert (closed.ok, closed.request) == (False, f"tcp 127.0.0.1:{port}")


@pytest.mark.parametrize("handler", [TcpSocket(99_999), HttpGet("/", 99_999), TcpSocket(80, host="a" * 70)])
async def test_an_address_that_cannot_be_is_a_failure_in_words(handler):
    result = await ask(handler)
    assert not result.ok
    assert result.answer


@pytest.mark.parametrize(("code", "ok"), [(0, True), (1, False), (127, False)])
async def test_a_command_counts_by_its_exit_code(code, ok):
    async def runner(command, timeout):
        assert (command, timeout) == (("check", "it"), 3.0)
        return code, b"because\n"

    result = await ask(Exec(("check", "it")), timeout=3.0, runner=runner)
    assert (result.ok, result.answer) == (ok, f"exit {code}: because")
    assert result.request == "exec check it"


async def test_a_hanging_command_is_cancelled():
    cancelled = asyncio.Event()

    async def runner(command, timeout):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    result = await ask(Exec(("sleep",)), timeout=0.02, runner=runner)
    assert cancelled.is_set()
    assert result.answer == "no answer within 0.02 s"


async def test_a_missing_program_is_a_failure_with_words():
    async def runner(command, timeout):
        raise FileNotFoundError(2, "No such file or directory", "nope")

    result = await ask(Exec(("nope",)), runner=runner)
    assert not result.ok
    assert "nope" in result.answer


async def test_no_socket_outlives_a_cancelled_probe():
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        async with server(hang=True) as port:
            task = asyncio.create_task(ask(HttpGet("/", port)))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gc.collect()


async def test_time_is_taken_from_the_clock_that_is_given():
    ticks = iter([10.0, 12.5])
    result = await probe(Exec(("x",)), "127.0.0.1", int, 1, _zero, clock=lambda: next(ticks))
    assert result.seconds == 2.5


async def _zero(command, timeout):
    return 0, b""


def test_cleaned_text_has_no_colours_and_no_controls():
    assert cleaned(b"\x1b[31mred\x1b[0m \x00\xff\x07\tok\nnext") == "red \ufffd\tok\nnext"
