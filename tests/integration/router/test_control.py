import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import stat

import pytest

from flaskship.engines.local.channel import Channel, ChannelClosed
from flaskship.engines.local.routes import Route, RouteTable, to_json

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def ended(router):
    async with asyncio.timeout(15):
        return await router.process.wait()


def events(router):
    return [json.loads(line) for line in router.log.read_text().splitlines()]


async def test_hello_says_who_is_there_and_what_it_serves(router, saying):
    hello = await router.ask("hello")
    assert hello == {
        "type": "hello", "id": hello["id"], "pid": router.process.pid, "protocol": 1, "table": 0,
        "listeners": [], "missing": [],
    }  # fmt: skip
    await router.route((await saying("one")).endpoint())
    hello = await router.ask("hello")
    assert (hello["table"], hello["listeners"]) == (1, ["main"])


async def test_socket_and_table_are_the_owners_alone_and_its_session_its_own(router, saying):
    await router.route((await saying("one")).endpoint())
    assert stat.S_IMODE(router.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(router.state.stat().st_mode) == 0o600
    assert os.getsid(router.process.pid) == router.process.pid


async def test_a_supervisor_that_dies_changes_nothing_and_its_successor_gets_the_listeners(
    router, saying, talk
):
    port = await router.route((await saying("one")).endpoint())
    router.channel.close()
    router.held.pop("main").close()
    assert (await talk(port, GET)).endswith(b"one")
    router.channel = await router.connect()
    reply = await router.ask("listeners")
    assert (reply["listeners"], reply["more"]) == (["main"], False)
    with socket.socket(fileno=router.channel.files.popleft()) as held:
        assert held.getsockname()[1] == port
        assert (await router.ask("hello"))["table"] == 1


async def test_more_listeners_than_fit_one_message_come_in_pages(router, saying):
    one = (await saying("one")).endpoint()
    names = [f"l{n:03}" for n in range(70)]
    for part in (names[:40], names[40:]):
        for name in part:
            router.bind(name)
        files = [router.held[name].fileno() for name in part]
        passed = await router.ask("pass", files=files, listeners=part)
    assert passed["waiting"] == names
    await router.routes(*[Route(name, "http", (one,)) for name in names])
    first = await router.ask("listeners")
    second = await router.channel.receive()
    assert first["listeners"] + second["listeners"] == names
    assert (first["more"], second["more"], len(router.channel.files)) == (True, False, 70)


@pytest.mark.parametrize("number", [0, 1])
async def test_an_old_table_is_refused_unless_forced(router, saying, talk, number):
    port = await router.route((await saying("one")).endpoint())
    old = to_json(RouteTable(number, (Route("main"),)))
    reply = await router.ask("table", table=old)
    assert reply["type"] == "error"
    assert "not newer than 1" in reply["error"]
    assert (await talk(port, GET)).endswith(b"one")
    assert (await router.ask("table", table=old, force=True))["number"] == number
    assert b" 503 " in await talk(port, GET)


BAD = {
    "no table": ({"type": "table"}, "table: an object is expected"),
    "an unknown key": ({"type": "table", "table": {"number": 9, "routes": [], "x": 1}}, "table.x: unknown"),
    "a listener nobody passed": (
        {"type": "table", "table": {"number": 9, "routes": [{"listener": "ghost", "protocol": "http"}]}},
        "ghost",
    ),
    "a name without a file": (
        {"type": "table", "table": {"number": 9, "routes": []}, "listeners": ["x"]},
        "1 listeners were named, 0 files",
    ),
    "no type": ({}, "None is not known"),
    "an unknown type": ({"type": "dance"}, "'dance' is not known"),
    "a drain of nobody": ({"type": "drain"}, "uid is missing"),
    "a drain without end": ({"type": "drain", "uid": "a", "timeout": -1}, "timeout"),
    "a stop at no time": ({"type": "stop", "timeout": "now"}, "timeout"),
    "names of a wrong type": ({"type": "pass", "listeners": "x"}, "a list of names"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_request_is_answered_and_changes_nothing(router, saying, talk, name):
    port = await router.route((await saying("one")).endpoint())
    message, expected = BAD[name]
    await router.channel.send({"id": "x"} | message)
    reply = await router.channel.receive()
    assert (reply["type"], reply["id"]) == ("error", "x")
    assert expected in reply["error"]
    assert (await router.ask("hello"))["table"] == 1
    assert (await talk(port, GET)).endswith(b"one")


async def test_a_file_that_is_no_socket_is_refused(router, tmp_path):
    with (tmp_path / "file").open("w") as file:
        reply = await router.ask("pass", files=[file.fileno()], listeners=["x"])
    assert reply["type"] == "error"
    assert "cannot be one" in reply["error"]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_socket_that_cannot_listen_is_refused(router, kind):
    with socket.socket(socket.AF_INET, kind) as sock:
        reply = await router.ask("pass", files=[sock.fileno()], listeners=["x"])
    assert reply["type"] == "error"
    assert "'x' is n" in reply["error"]


async def test_one_bad_listener_refuses_the_table_and_closes_the_new_ones(router, saying, talk):
    port = await router.route((await saying("one")).endpoint())
    good = router.bind("good")
    with (
        socket.create_server(("127.0.0.1", 0)) as there,
        socket.create_connection(there.getsockname()) as connected,
    ):
        table = RouteTable(2, (Route("main"), Route("good"), Route("bad")))
        files = [router.held["good"].fileno(), connected.fileno()]
        reply = await router.ask("table", files=files, listeners=["good", "bad"], table=to_json(table))
    assert reply["type"] == "error"
    assert "'bad' cannot listen" in reply["error"]
    assert (await router.ask("hello"))["listeners"] == ["main"]
    assert (await talk(port, GET)).endswith(b"one")
    files = [router.held["good"].fileno()]
    table = RouteTable(2, (Route("main"), Route("good")))
    assert (await router.ask("table", files=files, listeners=["good"], table=to_json(table)))["type"] == "ack"
    assert b" 503 " in await talk(good, GET)


async def test_what_is_no_frame_ends_that_channel_alone(router):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(router.socket))
    sock.sendall(b"\xff\xff\xff\xffnonsense")
    channel = Channel(sock)
    with pytest.raises(ChannelClosed):
        await channel.receive()
    channel.close()
    assert (await router.ask("hello"))["type"] == "hello"


async def test_drain_waits_for_what_is_in_flight_while_others_are_served(router, serve, head_of, talk):
    go = asyncio.Event()

    async def handle(reader, writer):
        await head_of(reader)
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")

    port = await router.route((await serve("old", handle)).endpoint())
    held = asyncio.create_task(talk(port, GET))
    while not (await router.ask("stats"))["endpoints"][0]["in_flight"]:
        await asyncio.sleep(0.01)
    await router.route()
    short = await router.ask("drain", uid="old", timeout=0.05)
    assert (short["type"], short["uid"], short["in_flight"]) == ("drained", "old", 1)
    await router.channel.send({"type": "drain", "id": "long", "uid": "old", "timeout": 10})
    assert (await router.ask("hello"))["type"] == "hello"
    go.set()
    async with asyncio.timeout(5):
        reply = await router.channel.receive()
    assert (reply["id"], reply["in_flight"]) == ("long", 0)
    assert (await held).endswith(b"old")
    assert (await router.ask("drain", uid="nobody"))["in_flight"] == 0


@pytest.mark.parametrize("how", ["message", "SIGTERM"])
async def test_stop_finishes_what_is_in_flight_and_leaves_no_socket(router, serve, head_of, talk, how):
    go = asyncio.Event()

    async def handle(reader, writer):
        await head_of(reader)
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast")

    port = await router.route((await serve("one", handle)).endpoint())
    idle = asyncio.create_task(talk(port, b""))
    held = asyncio.create_task(talk(port, GET.replace(b"close", b"keep-alive")))
    while not (await router.ask("stats"))["endpoints"][0]["in_flight"]:
        await asyncio.sleep(0.01)
    if how == "message":
        assert (await router.ask("stop", timeout=10))["type"] == "stopping"
    else:
        os.kill(router.process.pid, signal.SIGTERM)
    assert await idle == b""
    go.set()
    answer = await held
    assert answer.endswith(b"last")
    assert await ended(router) == 0
    assert not router.socket.exists()


async def test_stop_resets_what_does_not_finish_in_time(router, serve, talk):
    async def handle(reader, writer):
        await reader.read()
        writer.close()

    port = await router.route((await serve("one", handle)).endpoint())
    held = asyncio.create_task(talk(port, GET))
    while not (await router.ask("stats"))["endpoints"][0]["in_flight"]:
        await asyncio.sleep(0.01)
    await router.ask("stop", timeout=0.1)
    with pytest.raises(ConnectionError):
        await held
    assert await ended(router) == 0


async def test_a_killed_router_is_followed_by_one_that_knows_the_table(router, saying, talk):
    port = await router.route((await saying("one")).endpoint())
    os.kill(router.process.pid, signal.SIGKILL)
    await router.process.wait()
    waiting = asyncio.create_task(talk(port, GET))  # the supervisor's copy of the listener keeps it open
    router.channel.close()
    await router.start()
    hello = await router.ask("hello")
    assert (hello["table"], hello["listeners"], hello["missing"]) == (1, [], ["main"])
    passed = await router.ask("pass", files=[router.held["main"].fileno()], listeners=["main"])
    assert (passed["listeners"], passed["waiting"]) == (["main"], [])
    assert (await waiting).endswith(b"one")


async def test_a_damaged_table_is_named_and_kept_aside(router, tmp_path):
    await router.end()
    router.state.write_text('{"number": 1, "rou')
    await router.start()
    assert (await router.ask("hello"))["table"] == 0
    assert (tmp_path / "routes.json.damaged").read_text() == '{"number": 1, "rou'
    assert "table.damaged" in [event["event"] for event in events(router)]


async def test_a_table_that_cannot_be_saved_is_served_and_said(router, saying, talk):
    router.state.mkdir()
    port = router.bind("main")
    route = Route("main", "http", ((await saying("one")).endpoint(),))
    files = [router.held["main"].fileno()]
    reply = await router.ask("table", files=files, listeners=["main"], table=to_json(RouteTable(1, (route,))))
    assert (reply["type"], reply["persisted"]) == ("ack", False)
    assert (await talk(port, GET)).endswith(b"one")


async def test_a_second_router_refuses_and_the_first_goes_on(router):
    second = type(router)(router.folder)
    second.log = router.folder / "second.log"
    with second.log.open("w") as log:
        second.process = await asyncio.create_subprocess_exec(
            *(await command_of(router)), stderr=log, stdout=log
        )  # fmt: skip
    assert await ended(second) == 1
    assert events(second)[0]["event"] == "refused"
    assert (await router.ask("hello"))["pid"] == router.process.pid


async def command_of(router):
    with open(f"/proc/{router.process.pid}/cmdline") as file:  # noqa: PTH123
        return file.read().rstrip("\0").split("\0")


async def test_its_command_line_names_it_and_its_project(router, tmp_path):
    command = await command_of(router)
    assert any("router" in part for part in command)
    assert command[command.index("--project") + 1] == str(tmp_path)


async def test_a_stale_socket_file_is_replaced(router):
    await router.end()
    assert router.socket.exists()
    await router.start()
    assert (await router.ask("hello"))["type"] == "hello"


async def test_it_ends_when_its_project_is_gone(tmp_path, router):
    home = tmp_path / "home"
    (home / "project").mkdir(parents=True)
    another = type(router)(home / "project")
    another.socket = home / "router.sock"
    await another.start()
    shutil.rmtree(home / "project")
    assert await ended(another) == 0
    another.channel.close()


async def test_it_ends_when_nobody_can_reach_it_any_more(router):
    router.socket.unlink()
    await asyncio.sleep(1.5)
    assert router.process.returncode is None  # the supervisor is still connected
    router.channel.close()
    assert await ended(router) == 0


async def test_it_stays_small_and_imports_nothing_heavy(router, saying, talk):
    port = await router.route((await saying("one")).endpoint())
    for _ in range(50):
        await talk(port, GET)
    with open(f"/proc/{router.process.pid}/maps") as file:  # noqa: PTH123
        mapped = file.read()
    for heavy in ("helm", "pydantic", "ruamel", "rpds"):
        assert heavy not in mapped
    with contextlib.suppress(PermissionError), open(f"/proc/{router.process.pid}/smaps_rollup") as file:  # noqa: PTH123
        [pss] = [int(line.split()[1]) for line in file if line.startswith("Pss:")]
        assert pss < 30 * 1024
