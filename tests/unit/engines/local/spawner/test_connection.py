import socket

import pytest

from flaskship.engines.local.framing import ChannelClosed, FrameBuffer, encode
from flaskship.engines.local.spawner import connection
from flaskship.engines.local.spawner.connection import Connection, same_user


@pytest.fixture
def peers():
    ours, theirs = socket.socketpair()
    yield Connection(ours), theirs
    ours.close()
    theirs.close()


def test_frames_come_in_and_go_out(peers):
    ours, theirs = peers
    assert ours.receive() == []
    theirs.sendall(encode({"id": 1}) + encode({"id": 2}))
    assert ours.receive() == [{"id": 1}, {"id": 2}]
    ours.send({"ok": True})
    assert FrameBuffer().feed(theirs.recv(4096)) == [{"ok": True}]
    assert not ours.waiting


def test_a_slow_peer_is_not_waited_for(peers):
    ours, theirs = peers
    big = {"text": "x" * 3_000_000}
    ours.send(big)
    assert ours.waiting
    received, buffer = [], FrameBuffer()
    while not received:
        received = buffer.feed(theirs.recv(65536))
        ours.flush()
    assert received == [big]
    assert not ours.waiting


def test_a_peer_that_never_reads_is_dropped_at_a_limit(peers, monkeypatch):
    monkeypatch.setattr(connection, "_MOST_UNSENT", 1000)
    ours, _ = peers
    with pytest.raises(ChannelClosed, match="does not read"):
        ours.send({"text": "x" * 1001})


def test_a_peer_that_left_is_told(peers):
    ours, theirs = peers
    theirs.close()
    with pytest.raises(ChannelClosed):
        ours.receive()
    with pytest.raises(ChannelClosed):
        ours.send({})


def test_garbage_ends_the_connection(peers):
    ours, theirs = peers
    theirs.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ChannelClosed):
        ours.receive()


def test_the_peer_of_a_pair_is_this_user_and_another_is_not(peers, monkeypatch):
    ours, _ = peers
    assert same_user(ours.socket)
    monkeypatch.setattr(connection.os, "geteuid", lambda: 54321)
    assert not same_user(ours.socket)
