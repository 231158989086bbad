import asyncio
import contextlib
import random
import socket
import struct

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc"


def mutated(data, source):
    text = bytearray(data)
    for _ in range(source.randint(1, 4)):
        place = source.randrange(len(text))
        kind = source.randrange(4)
        if kind == 0:
            text[place] = source.randrange(256)
        elif kind == 1:
            del text[place : place + source.randint(1, 5)]
        elif kind == 2:
            text[place:place] = source.choice(
                (b"\r\n", b"\n", b"\0", b": ", b" ", b"Content-Length: 9\r\n", b"0")
            )
        else:
            text[place:place] = text[: source.randint(1, 20)]
        text = text or bytearray(b"x")
    return bytes(text)


async def test_spoilt_requests_and_answers_leave_nothing_behind(gate, serve, talk):
    source = random.Random(20)
    answers = [ANSWER]

    async def handle(reader, writer):
        with contextlib.suppress(OSError):
            while await reader.read(65536):
                writer.write(answers[0])
        writer.close()

    port = await gate.route((await serve("one", handle)).endpoint())

    async def one(data, answer):
        answers[0] = answer
        with contextlib.suppress(OSError):
            got = await talk(port, data, half_close=source.random() < 0.5)
            assert got == b"" or got.startswith(b"HTTP/1.1 ")

    for _ in range(5):
        work = []
        for _ in range(60):
            data = source.choice((GET, POST, LAST, GET + POST))
            spoil = source.random()
            answer = mutated(ANSWER, source) if spoil > 0.5 else ANSWER
            work.append(one(mutated(data, source) if spoil < 0.7 else data, answer))
        await asyncio.gather(*work)
    answers[0] = ANSWER
    await gate.quiet()
    assert (await talk(port, LAST)).endswith(b"abc")


async def test_clients_that_come_and_go_at_any_moment_leave_nothing_behind(gate, saying, talk):
    source = random.Random(21)
    port = await gate.route((await saying("one")).endpoint(), (await saying("two")).endpoint())
    for _ in range(200):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(source.choice((GET, POST, GET * 5))[: source.randint(0, 200)])
        if source.random() < 0.5:
            await asyncio.sleep(source.random() * 0.004)
        if source.random() < 0.5:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    await gate.quiet()
    assert (await talk(port, LAST))[-3:] in (b"one", b"two")
    async with asyncio.timeout(5):
        while gate.context.clients:
            await asyncio.sleep(0.01)
    assert gate.forwarding.listeners["main"].entrance.open == 0


async def test_a_client_that_asks_without_end_and_never_reads_is_held_back(gate, serve, head_of):
    served = 0

    async def handle(reader, writer):
        nonlocal served
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await head_of(reader)
                served += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)

    port = await gate.route((await serve("one", handle)).endpoint())
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < 20_000:
            sock.send(GET * 10)
            sent += 10
    before = -1
    while before != served:
        before = served
        await asyncio.sleep(0.1)
    assert served < sent
    [client] = gate.context.clients
    assert client.transport.get_write_buffer_size() < 400_000
    sock.close()
    await gate.quiet()
