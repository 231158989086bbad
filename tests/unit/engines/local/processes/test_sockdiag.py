import os
import socket
import struct
import sys

import pytest

from flaskship.engines.local.processes import listeners, proc, sockdiag

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")


def test_listening_sockets_are_told_with_their_inode() -> None:
    with socket.create_server(("127.55.1.2", 0)) as server:
        inode = os.fstat(server.fileno()).st_ino
        rows = sockdiag.listening_sockets()
        assert rows is not None
        assert ("127.55.1.2", server.getsockname()[1], os.getuid(), inode) in rows


def test_sockets_of_the_sixth_version_are_told() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    with server:
        rows = sockdiag.listening_sockets() or ()
        assert ("::1", server.getsockname()[1]) in {row[:2] for row in rows}


def test_connections_are_left_out() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as one,
    ):
        ports = {row[1] for row in sockdiag.listening_sockets() or ()}
        assert server.getsockname()[1] in ports
        assert one.getsockname()[1] not in ports


def test_netlink_tells_what_the_kernels_table_tells() -> None:
    with socket.create_server(("127.55.1.3", 0)) as server:
        wanted = ("127.55.1.3", server.getsockname()[1])
        table = listeners.parse_table((proc.PROC / "net/tcp").read_text())
        assert [r for r in table if r[:2] == wanted] == [
            r for r in sockdiag.listening_sockets() or () if r[:2] == wanted
        ]


def test_a_kernel_that_refuses_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no netlink here")

    monkeypatch.setattr(sockdiag.socket, "socket", refuse)
    assert sockdiag.listening_sockets() is None


def test_without_netlink_the_table_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.55.1.4", 0)) as server:
        monkeypatch.setattr(sockdiag, "listening_sockets", lambda: None)
        (found,) = listeners.RecentListeners().of([os.getpid()])
        assert (found.address, found.port) == server.getsockname()


def test_an_error_of_the_kernel_is_raised_as_one() -> None:
    message = struct.pack("=LHHLLl", 20, 2, 0, 1, 0, -2)
    with pytest.raises(FileNotFoundError):
        sockdiag._read(message, [])


def test_the_end_may_come_in_a_datagram_of_its_own() -> None:
    done = struct.pack("=LHHLLl", 20, 3, 0, 1, 0, 0)
    rows: list[sockdiag.Row] = []
    assert sockdiag._read(done, rows)
    assert not sockdiag._read(b"", rows)
    assert rows == []
