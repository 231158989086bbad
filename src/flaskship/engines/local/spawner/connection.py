"""One supervisor's connection: frames in, frames out, never waiting for the peer."""

import os
import socket
import struct
from typing import Any

from flaskship.engines.local.framing import ChannelClosed, FrameBuffer, encode
from flaskship.engines.local.processes.capabilities import has

_MOST_UNSENT = 4 * 1024 * 1024


class Connection:
    """A non-blocking peer; ChannelClosed from any call means that it is to be dropped."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock
        self._frames = FrameBuffer()
        self._unsent = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether bytes wait for the peer to read."""
        return bool(self._unsent)

    def receive(self) -> list[dict[str, Any]]:
        """Return the messages that have arrived."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        if not data:
            raise ChannelClosed("the peer closed the connection")
        return self._frames.feed(data)

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message and send what the peer takes; a peer that reads nothing is dropped at a limit."""
        self._unsent += encode(message)
        if len(self._unsent) > _MOST_UNSENT:
            raise ChannelClosed("the peer does not read")
        self.flush()

    def flush(self) -> None:
        """Send what the peer takes now."""
        while self._unsent:
            try:
                sent = self.socket.send(self._unsent)
            except BlockingIOError:
                return
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            del self._unsent[:sent]


def same_user(sock: socket.socket) -> bool:
    """Return whether the peer is this user; systems that cannot tell rely on the mode of the socket."""
    if not has("peercred"):
        return True
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", raw)[1] == os.geteuid())
