import os
import socket
from pathlib import Path

import pytest

from flaskship.engines.local.processes.listeners import (
    Holder,
    Listener,
    RecentListeners,
    holder_of,
    parse_table,
)

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "  0: {address}:{port:04X} 00000000:0000 {state} 0:0 00:0 0 {user:5d} 0 {inode} 1 0 100 0\n"


def row(address="0100007F", port=5000, state="0A", user=0, inode=77) -> str:
    return ROW.format(address=address, port=port, state=state, user=user, inode=inode)


def machine(root: Path, tcp: str, tcp6: str = HEAD) -> Path:
    (root / "net").mkdir()
    (root / "net/tcp").write_text(HEAD + tcp)
    (root / "net/tcp6").write_text(HEAD + tcp6.removeprefix(HEAD))
    return root


def process(root: Path, pid: int, *inodes: int, name: str = "gunicorn") -> None:
    folder = root / str(pid) / "fd"
    folder.mkdir(parents=True)
    (root / str(pid) / "comm").write_text(name + "\n")
    (folder / "0").symlink_to("/dev/null")
    for number, inode in enumerate(inodes, 3):
        (folder / str(number)).symlink_to(f"socket:[{inode}]")


@pytest.mark.parametrize(
    ("hexadecimal", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("0201217F", "127.33.1.2"),
        ("00000000000000000000000000000000", "::"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"),
    ],
)
def test_the_kernels_addresses_are_read(hexadecimal, address):
    assert parse_table(HEAD + row(hexadecimal)) == ((address, 5000, 0, 77),)


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "\n", HEAD + "garbage\n", HEAD + row(state="01")])
def test_rows_that_do_not_listen_are_left_out(text):
    assert parse_table(text) == ()


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.33.1.2", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("192.168.1.5", False),
    ],
)
def test_what_is_reachable_from_elsewhere_is_told(address, loopback):
    assert Listener(address, 5000, 1).loopback is loopback


def test_a_process_and_its_children_are_joined_with_the_table(tmp_path):
    machine(
        tmp_path, row(inode=77) + row(port=6000, inode=78) + row(port=7000, inode=79), row("0" * 32, inode=80)
    )
    process(tmp_path, 10, 77, 80)
    process(tmp_path, 11, 77, 78, 999)
    found = RecentListeners().of([10, 11, 12], tmp_path)
    assert found == (
        Listener("127.0.0.1", 5000, 10),
        Listener("127.0.0.1", 5000, 11),
        Listener("127.0.0.1", 6000, 11),
        Listener("::", 5000, 10),
    )


def test_looks_that_are_close_together_share_one_table(tmp_path):
    now = [10.0]
    recent = RecentListeners(0.1, lambda: now[0])
    process(tmp_path, 10, 77, 78)
    machine(tmp_path, row(inode=77))
    assert [one.port for one in recent.of([10], tmp_path)] == [5000]
    (tmp_path / "net/tcp").write_text((tmp_path / "net/tcp").read_text() + row(port=6000, inode=78))
    now[0] += 0.09
    assert [one.port for one in recent.of([10], tmp_path)] == [5000]
    now[0] += 0.02
    assert [one.port for one in recent.of([10], tmp_path)] == [5000, 6000]


def test_the_holder_of_a_port_is_named(tmp_path):
    machine(tmp_path, row(inode=77))
    process(tmp_path, 10, 77)
    holder = holder_of(5000, root=tmp_path)
    assert holder == Holder("127.0.0.1", 5000, "root", 10, "gunicorn")
    assert str(holder) == "gunicorn (pid 10, user root)"
    assert holder_of(5001, root=tmp_path) is None


def test_a_holder_that_we_may_not_see_is_another_users_process(tmp_path):
    machine(tmp_path, row(inode=77, user=54321))
    holder = holder_of(5000, root=tmp_path)
    assert str(holder) == "another user's process (user 54321)"


def test_one_address_is_held_by_its_own_listener_or_by_one_on_all(tmp_path):
    machine(tmp_path, row("0201217F", inode=77) + row("00000000", port=6000, inode=78))
    assert holder_of(5000, "127.33.1.9", tmp_path) is None
    assert holder_of(5000, "127.33.1.2", tmp_path) is not None
    assert holder_of(6000, "127.33.1.9", tmp_path) is not None


@pytest.mark.parametrize("portable", [False, True])
def test_this_process_is_found_listening(tmp_path, portable):
    root = tmp_path / "no-proc" if portable else Path("/proc")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert Listener("127.0.0.1", port, os.getpid()) in RecentListeners().of([os.getpid()], root)
        holder = holder_of(port, root=root)
    assert holder is not None
    assert holder.pid == os.getpid()
    assert holder.name
    assert holder_of(port, root=root) is None
