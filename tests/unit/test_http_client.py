"""The client against servers that send their bytes in any way they like."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from flaskship.http_client import BadAnswer, Connection, authority


@asynccontextmanager
async def connected(*parts: bytes, close=False):
    """Send these parts, one loop turn apart, for each request; close after the first where asked to."""

    async def serve(reader, writer):
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if close:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with await Connection.open("127.0.0.1", listening.sockets[0].getsockname()[1]) as connection:
        yield connection
    listening.close()
    await listening.wait_closed()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"


async def test_an_answer_that_comes_byte_by_byte_is_whole():
    async with connected(*[bytes([one]) for one in OK]) as connection:
        answer = await connection.get("/")
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"hello")
    assert answer.header("x-a") == "b"
    assert answer.header("x-b") is None


async def test_a_kept_connection_answers_again_and_again():
    async with connected(OK) as connection:
        for _ in range(3):
            assert (await connection.get("/", keep_alive=True)).body == b"hello"
            assert connection.reusable


async def test_a_connection_that_was_not_to_be_kept_is_spent():
    async with connected(OK) as connection:
        await connection.get("/")
        assert not connection.reusable


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK + OK,
    ],
)
async def test_a_connection_that_the_answer_ends_or_confuses_is_spent(sent):
    async with connected(sent) as connection:
        assert (await connection.get("/", keep_alive=True)).status == 200
        assert not connection.reusable


async def test_informational_answers_are_passed_over():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with connected(hints + hints + OK) as connection:
        answer = await connection.get("/", keep_alive=True)
    assert (answer.status, answer.reason, answer.header("link")) == (200, "OK", None)


async def test_chunks_are_put_together():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    async with connected(chunked[:50], chunked[50:]) as connection:
        assert (await connection.get("/")).body == b"hello"


async def test_a_body_without_a_length_ends_with_its_connection():
    async with connected(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo", close=True) as connection:
        assert (await connection.get("/")).body == b"hello"


async def test_a_body_beyond_the_limit_is_read_but_not_kept():
    async with connected(OK) as connection:
        answer = await connection.get("/", keep_alive=True, body_limit=2)
        assert (answer.body, answer.cut) == (b"he", True)
        assert connection.reusable


async def test_without_reading_on_the_connection_is_spent_at_the_limit():
    async with connected(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhello") as connection:
        answer = await connection.get("/", keep_alive=True, body_limit=2, read_on=False)
        assert (answer.body, connection.reusable) == (b"he", False)


async def test_a_chunked_body_that_breaks_off_is_no_answer():
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"
    async with connected(broken, close=True) as connection:
        with pytest.raises(BadAnswer, match="broke off"):
            await connection.get("/")


async def test_bad_bytes_are_shown_in_part():
    async with connected(b"\x00" * 300) as connection:
        with pytest.raises(BadAnswer, match="not HTTP") as raised:
            await connection.get("/")
    assert len(str(raised.value)) < 400


async def test_a_target_with_a_line_break_is_never_sent():
    async with connected(OK) as connection:
        with pytest.raises(BadAnswer, match="line break"):
            await connection.get("/\r\nX: y")


@pytest.mark.parametrize(("host", "text"), [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")])
def test_an_address_with_its_port(host, text):
    assert authority(host, 80) == text
