"""The spawner's loop: one selector over the socket, the connections, SIGCHLD and adopted replicas.

SIGTERM means stop: no new replica is accepted and the spawner ends with its last child. It never kills
a replica unless a supervisor says `stop` with force, not even when the project's folder disappears:
whoever removed that decides, and the replicas are found in /proc.
"""

import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from flaskship.engines.local.framing import ChannelClosed
from flaskship.engines.local.spawner import PROTOCOL
from flaskship.engines.local.spawner.children import Children
from flaskship.engines.local.spawner.connection import Connection, same_user
from flaskship.engines.local.spawner.records import Record, Records
from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.request import parse_signal, parse_spawn, parse_stop, parse_uid

_RETRY_SECONDS = 1.0
_LAST_SWEEPS = 50
_LAST_SWEEP_SECONDS = 0.02


class Server:
    """Answers supervisors until it is told to stop and has no child left."""

    def __init__(self, listener: socket.socket, children: Children, records: Records) -> None:
        self._listener = listener
        self._children = children
        self._records = records
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._stopping = False
        self._kill_at: float | None = None
        self._wake, self._wake_writer = socket.socketpair()

    def run(self) -> None:
        """Serve; return when stopped and childless."""
        self._catch_signals()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._children.adopt()
        for pidfd in self._children.watched():
            self._selector.register(pidfd, selectors.EVENT_READ, self._adopted_ended)
        self._reap()
        while not (self._stopping and not self._children.running()):
            for key, events in self._selector.select(self._timeout()):
                key.data(key.fileobj, events)
            self._on_time()
        if self._kill_at is not None:
            self._kill_what_left()
        for connection in list(self._connections):
            self._drop(connection)

    def _catch_signals(self) -> None:
        self._wake.setblocking(False)
        self._wake_writer.setblocking(False)
        signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)

    def _timeout(self) -> float | None:
        waits = [_RETRY_SECONDS] if self._records.unwritten or self._children.polled else []
        if self._kill_at is not None:
            waits.append(max(0.0, self._kill_at - time.monotonic()))
        return min(waits, default=None)

    def _on_time(self) -> None:
        if self._records.unwritten:
            self._records.write_again()
        for record in self._children.poll():
            self._push(record)
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._children.kill_all()
            self._kill_at = time.monotonic() + _RETRY_SECONDS

    def _kill_what_left(self) -> None:
        for _ in range(_LAST_SWEEPS):
            if not self._children.kill_all():
                return
            time.sleep(_LAST_SWEEP_SECONDS)

    def _accept(self, _: object, __: int) -> None:
        with suppress(OSError):
            sock, _address = self._listener.accept()
            if not same_user(sock):
                sock.close()
                return
            connection = Connection(sock)
            self._connections.add(connection)
            self._selector.register(sock, selectors.EVENT_READ, lambda _s, e: self._serve(connection, e))

    def _serve(self, connection: Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                connection.flush()
            if events & selectors.EVENT_READ:
                for message in connection.receive():
                    connection.send(self._answer(message))
        except ChannelClosed:
            self._drop(connection)
            return
        self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.waiting else 0)
        key = self._selector.get_key(connection.socket)
        if key.events != wanted:
            self._selector.modify(connection.socket, wanted, key.data)

    def _drop(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            self._selector.unregister(connection.socket)
            connection.socket.close()

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = {"id": message.get("id")}
        try:
            return reply | self._carry_out(message)
        except Refused as refused:
            return reply | {"error": {"code": refused.code, "message": refused.message}}
        except OSError as error:
            return reply | {"error": {"code": "SystemRefused", "message": str(error)}}
        except Exception as error:  # one bad request must not cost the parent of all replicas
            sys.excepthook(type(error), error, error.__traceback__)
            return reply | {"error": {"code": "Internal", "message": f"{type(error).__name__}: {error}"}}

    def _carry_out(self, message: dict[str, Any]) -> dict[str, Any]:
        match message.get("type"):
            case "hello":
                return {"pid": os.getpid(), "protocol": PROTOCOL, "children": self._list()}
            case "list":
                return {"children": self._list()}
            case "spawn":
                request = parse_spawn(message)
                if self._stopping:
                    raise Refused("Stopping", "the spawner ends: it starts no further replica")
                return self._children.spawn(request).as_json()
            case "signal":
                return {"sent": self._children.send_signal(parse_signal(message))}
            case "forget":
                self._children.forget(parse_uid(message))
                return {}
            case "stop":
                request_to_stop = parse_stop(message)
                self._stop(request_to_stop.grace if request_to_stop.force else None)
                return {"children": len(self._children.running())}
            case other:
                raise Refused("BadRequest", f"{other!r} is no request of protocol {PROTOCOL}")

    def _list(self) -> list[dict[str, Any]]:
        orphans = self._children.orphans
        return [
            record.as_json() | {"orphans": orphans.get(record.uid, 0)} for record in self._children.known()
        ]

    def _stop(self, grace: float | None) -> None:
        self._stopping = True
        if grace is None:
            return
        for record in self._children.running():
            with suppress(Refused):
                self._children.send_signal(parse_signal({"uid": record.uid, "signal": "SIGTERM"}))
        self._kill_at = time.monotonic() + grace

    def _woken(self, _: object, __: int) -> None:
        numbers = self._wake.recv(4096)
        if signal.SIGTERM in numbers:
            self._stop(None)
        self._reap()

    def _reap(self) -> None:
        for record in self._children.reap():
            self._push(record)

    def _adopted_ended(self, pidfd: int, _: int) -> None:
        self._selector.unregister(pidfd)
        self._push(self._children.adopted_ended(pidfd))

    def _push(self, record: Record) -> None:
        event = record.as_json() | {"type": "exited", "recorded": record.uid not in self._records.unwritten}
        for connection in list(self._connections):
            try:
                connection.send(event)
            except ChannelClosed:
                self._drop(connection)
                continue
            self._watch(connection)
