"""gunicorn's thread worker, and what it lacks: readiness that falls first, limits on slow clients."""

import contextlib
import socket
import threading
import time
from typing import Any

from gunicorn.util import write_nonblock  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from tomorrows.refusals import Overheard, answer
from tomorrows.runtime import Background, Runtime

# A stopping process accepts while it finishes, but not for ever: probes must be able to see the 503.
DRAIN_SHARE = 0.5


class Reading:
    """Requests whose head or body is still arriving, and those being answered, each with its deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines: dict[int, tuple[float, socket.socket]] = {}
        self._submitted = 0

    def begin(self, connection: socket.socket, deadline: float) -> None:
        """Note that this thread reads a request from `connection`."""
        with self._lock:
            self._deadlines[threading.get_ident()] = (deadline, connection)

    def extend(self, deadline: float) -> None:
        """Note that this thread has read its request, and now answers it."""
        with self._lock:
            entry = self._deadlines.get(threading.get_ident())
            if entry:
                self._deadlines[threading.get_ident()] = (deadline, entry[1])

    def end(self) -> None:
        """Note that this thread is done."""
        with self._lock:
            self._deadlines.pop(threading.get_ident(), None)

    def cut_late(self, now: float) -> int:
        """End the connections whose deadline passed: their threads wake with an end of file."""
        with self._lock:
            late = [connection for deadline, connection in self._deadlines.values() if deadline < now]
        for connection in late:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return len(late)

    def submitted(self, change: int) -> None:
        """Count connections handed to the threads."""
        with self._lock:
            self._submitted += change

    def waiting(self) -> int:
        """Give the number of connections that threads hold or will take."""
        return self._submitted


_reading = Reading()
ANSWER_SECONDS = 30.0


def request_received() -> None:
    """Say that the request of this thread has arrived completely."""
    _reading.extend(time.monotonic() + ANSWER_SECONDS)


def waiting() -> int:
    """Give the number of requests in the threads and in their queue; 0 under another server."""
    return _reading.waiting()


def _ended(connection: socket.socket) -> bool:
    """Whether the client closed a connection on which nothing is left to read."""
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Serves with threads; on SIGTERM says so on /ready, finishes what is in flight, then ends."""

    _stopping = False

    def begin_role(self) -> None:
        """Start what the role runs beside its requests."""
        self._background().start()

    def end_role(self) -> None:
        """Stop it, if a signal did not already."""
        if hasattr(self, "wsgi"):
            self._background().stop(timeout=1.0)
            self._runtime().database.dispose()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to drain; runs in a signal handler, so it only starts a thread."""
        if not hasattr(self, "wsgi"):
            super().handle_exit(sig, frame)
            return
        if self._stopping:
            return  # a signal to the whole group arrives twice: from outside, and from the arbiter
        self._stopping = True
        self._runtime().draining.set()
        threading.Thread(target=self._drain, args=(sig,), name="drain", daemon=True).start()

    def _drain(self, sig: int) -> None:
        grace = float(self.cfg.graceful_timeout)
        began = time.monotonic()
        stopper = threading.Thread(
            target=self._background().stop, args=(max(grace - 2.0, grace / 2),), daemon=True
        )
        stopper.start()
        while time.monotonic() - began < grace * DRAIN_SHARE and (stopper.is_alive() or _reading.waiting()):
            time.sleep(0.05)
        stopper.join(max(0.0, grace - 1.0 - (time.monotonic() - began)))
        super().handle_exit(sig, None)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Before the listener goes, take what the kernel accepted for us: nobody else would answer it."""
        last_time = not enabled and not self.alive and self._accepting
        if last_time:
            for listener in self.sockets:
                self._accept_queued(listener)
        super().set_accept_enabled(enabled)
        if last_time:
            # Kept open it would go on taking connections into a queue that nobody empties.
            for listener in self.sockets:
                listener.close()

    def _accept_queued(self, listener: Any) -> None:
        for _ in range(self.worker_connections):
            before = self.nr_conns
            self.accept(listener)
            if self.nr_conns == before:
                return

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """Take a kept connection's next request; its end is none: it does not count and needs no thread."""
        if _ended(client):
            self._forget(conn, client, self.keepalived_conns)
        else:
            super().on_client_socket_readable(conn, client)

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """Take the first request of a connection that sent nothing for long; its end is none either."""
        if _ended(client):
            self._forget(conn, client, self.pending_conns)
        else:
            super().on_pending_socket_readable(conn, client)

    def _forget(self, conn: Any, client: socket.socket, among: Any) -> None:
        self.poller.unregister(client)
        among.remove(conn)
        self.nr_conns -= 1
        conn.close()

    def enqueue_req(self, conn: Any) -> None:
        """Hand a connection to the threads, counted."""
        _reading.submitted(1)
        super().enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Take a connection back from the threads."""
        _reading.submitted(-1)
        super().finish_request(conn, fs)

    def handle(self, conn: Any) -> Any:
        """Serve one request within its deadlines."""
        _reading.begin(conn.sock, time.monotonic() + self._runtime().settings.request_timeout)
        try:
            return super().handle(conn)
        finally:
            _reading.end()

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Log it as gunicorn does, and answer as the application would: not with a page."""
        overheard = Overheard()
        super().handle_error(req, overheard, addr, exc)
        if overheard.status is not None:
            with contextlib.suppress(OSError):
                write_nonblock(client, answer(overheard.status))

    def notify(self) -> None:
        """Beat for the arbiter, at least once a second; the place to look at the deadlines."""
        super().notify()
        _reading.cut_late(time.monotonic())

    def _runtime(self) -> Runtime:
        runtime: Runtime = self.wsgi.extensions["tomorrows.runtime"]
        return runtime

    def _background(self) -> Background:
        background: Background = self.wsgi.extensions["tomorrows.background"]
        return background
