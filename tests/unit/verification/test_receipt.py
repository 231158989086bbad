"""Receipts from real sockets on loopback: what is counted, and that nothing outlives the call."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from flaskship.verification.receipt import check_health, drive

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers what the function says for the n-th request; None closes the connection, '' hangs."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.requests = 0
        self.connections = 0
        self.open = 0
        self.headers: list[bytes] = []

    async def serve(self, reader, writer) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.headers.append(head)
                answer = self.answer(self.requests)
                self.requests += 1
                if answer is None:
                    return
                writer.write(answer)
                if b"Connection: close" in head and answer:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def serving(answer):
    server = Server(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/health?x=1"
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


async def receipt_after(server, requests: int, **more):
    """Drive until the server has seen so many requests."""
    until = asyncio.Event()
    seen = server.answer

    def answer(number):
        if number + 1 >= requests:
            until.set()
        return seen(number)

    server.answer = answer
    return await asyncio.wait_for(drive(server.url, until=until, rate=500, **more), 20)


async def test_every_answer_is_counted_and_none_failed():
    async with serving(lambda n: OK) as server:
        receipt = await receipt_after(server, 40, connections=4)
        assert receipt.sent == server.requests >= 40
        assert receipt.failed == 0
        assert 0 < receipt.p50_ms <= receipt.p99_ms
        assert receipt.seconds > 0


async def test_half_keep_their_socket_and_half_reconnect():
    async with serving(lambda n: OK) as server:
        receipt = await receipt_after(server, 40, connections=2)
        kept = sum(b"Connection: keep-alive" in head for head in server.headers)
        assert 0 < kept < receipt.sent
        assert server.connections == 1 + receipt.sent - kept


async def test_the_path_and_query_are_asked_for():
    async with serving(lambda n: OK) as server:
        await receipt_after(server, 1, connections=1)
        assert server.headers[0].startswith(b"GET /health?x=1 HTTP/1.1\r\n")


async def test_5xx_and_missing_answers_fail_and_4xx_does_not():
    answers = {3: FAILED, 5: None, 7: MISSING, 9: b"garbage\r\n\r\n"}
    async with serving(lambda n: answers.get(n, OK)) as server:
        receipt = await receipt_after(server, 20, connections=1)
        assert (receipt.sent, receipt.failed) == (server.requests, 3)


async def test_a_server_that_is_gone_fails_every_request_at_the_given_pace():
    async with serving(lambda n: OK) as server:
        pass
    until = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, until.set)
    receipt = await drive(server.url, until=until, rate=100, connections=2)
    assert 0 < receipt.failed == receipt.sent <= receipt.seconds * 100 + 2


async def test_a_hanging_answer_fails_by_its_timeout_and_holds_no_socket():
    async with serving(lambda n: b"") as server:
        receipt = await receipt_after(server, 2, connections=2, timeout=0.05)
        assert receipt.sent == receipt.failed == 2
        await asyncio.sleep(0.02)
        assert server.open == 0


async def test_no_socket_outlives_a_cancelled_receipt():
    async with serving(lambda n: OK) as server:
        task = asyncio.create_task(drive(server.url, until=asyncio.Event(), rate=200, connections=4))
        while server.requests < 8:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.02)
        assert server.open == 0


async def test_told_to_stop_before_the_start_sends_nothing():
    until = asyncio.Event()
    until.set()
    receipt = await drive("http://127.0.0.1:1/", until=until)
    assert (receipt.sent, receipt.failed, receipt.p50_ms, receipt.p99_ms) == (0, 0, 0.0, 0.0)


@pytest.mark.parametrize("more", [{"rate": 0}, {"connections": 0}])
async def test_no_rate_and_no_connection_are_refused(more):
    with pytest.raises(ValueError, match="at least one connection"):
        await drive("http://127.0.0.1:1/", until=asyncio.Event(), **more)


async def test_health_tells_status_and_body():
    async with serving(lambda n: OK) as server:
        good = await check_health(server.url, 5)
    assert (good.ok, good.status, good.body, good.error) == (True, 200, "ok", None)
    async with serving(lambda n: FAILED) as server:
        bad = await check_health(server.url, 5)
    assert (bad.ok, bad.status, bad.body) == (False, 503, "down")


@pytest.mark.parametrize(
    ("answer", "words"),
    [(None, "closed without an answer"), (b"", "no answer within"), (b"nonsense\r\n", "not HTTP")],
)
async def test_health_without_an_answer_is_said_in_words(answer, words):
    async with serving(lambda n: answer) as server:
        health = await check_health(server.url, 0.2)
    assert (health.ok, health.status) == (False, None)
    assert words in health.error


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nonsense", "http://127.0.0.1:99999/"])
async def test_health_of_nonsense_is_an_error_in_words(url):
    health = await check_health(url, 1)
    assert not health.ok
    assert health.error


async def test_health_where_nothing_listens():
    async with serving(lambda n: OK) as server:
        pass
    assert (await check_health(server.url, 1)).error == "connection refused: nothing listens there"
