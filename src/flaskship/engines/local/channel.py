"""Length-prefixed JSON over a Unix stream socket, with open files passed alongside."""

import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Sequence
from typing import Any

from flaskship.engines.local.framing import MAX_FRAME, ChannelClosed, FrameBuffer, Message, encode
from flaskship.engines.local.processes.capabilities import has

__all__ = ["MAX_FILES", "MAX_FRAME", "Channel", "ChannelClosed", "FrameBuffer", "Message", "encode"]

MAX_FILES = 64
# What arrives here must not leak into the processes that are started from here; macOS has no such flag.
CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class Channel:
    """One connection: send() and receive() whole messages; received files queue up in `files`."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._buffer = FrameBuffer()
        self._messages: deque[Message] = deque()
        self._sending = asyncio.Lock()
        self.files: deque[int] = deque()

    @classmethod
    async def connect(cls, path: str) -> "Channel":
        """Return a channel to the socket at path; OSError where nobody listens."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, path)
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    def peer_uid(self) -> int | None:
        """Return the user id of the peer, None where the system cannot tell."""
        if not has("peercred"):
            return None
        raw = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("3i", raw)
        return int(uid)

    async def send(self, message: Message, files: Sequence[int] = ()) -> None:
        """Send one message; the files go with its first byte. ChannelClosed when the peer is gone."""
        data = memoryview(encode(message))
        async with self._sending:
            try:
                if files:
                    sent = await self._when_ready(
                        lambda: socket.send_fds(self._socket, [data], list(files)), write=True
                    )
                    data = data[sent:]
                await asyncio.get_running_loop().sock_sendall(self._socket, data)
            except OSError as error:
                raise ChannelClosed(str(error)) from error

    async def receive(self) -> Message:
        """Return the next message; ChannelClosed at the end of the stream."""
        while not self._messages:
            try:
                data, files, _, _ = await self._when_ready(
                    lambda: socket.recv_fds(self._socket, 65536, MAX_FILES, CLOSE_ON_EXEC), write=False
                )
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            self.files.extend(files)
            if not data:
                raise ChannelClosed("the peer closed the connection")
            self._messages.extend(self._buffer.feed(data))
        return self._messages.popleft()

    async def _when_ready(self, call: Any, *, write: bool) -> Any:
        loop = asyncio.get_running_loop()
        number = self._socket.fileno()
        while True:
            try:
                return call()
            except (BlockingIOError, InterruptedError):
                ready: asyncio.Future[None] = loop.create_future()
                add, remove = (
                    (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
                )
                add(number, _resolve, ready)
                try:
                    await ready
                finally:
                    remove(number)

    def close(self) -> None:
        """Close the connection and the received files that nobody took."""
        while self.files:
            os.close(self.files.popleft())
        self._socket.close()


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
