"""Frames of length-prefixed JSON as bytes; no event loop, because the spawner has no room for one."""

import json
import struct
from typing import Any

HEADER = struct.Struct(">I")
MAX_FRAME = 32 * 1024 * 1024

Message = dict[str, Any]


class ChannelClosed(Exception):
    """The peer has gone, or sent something that is not a frame."""


def encode(message: Message) -> bytes:
    """Return one frame: four bytes of length, then the JSON of the message."""
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MAX_FRAME:
        raise ValueError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME}")
    return HEADER.pack(len(body)) + body


class FrameBuffer:
    """Turns received bytes back into messages; raises ChannelClosed for what cannot be a frame."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that are now complete."""
        self._bytes += data
        complete: list[Message] = []
        while len(self._bytes) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._bytes)
            if length > MAX_FRAME:
                raise ChannelClosed(f"the peer announced a frame of {length} bytes")
            end = HEADER.size + length
            if len(self._bytes) < end:
                break
            try:
                message = json.loads(self._bytes[HEADER.size : end])
            except ValueError as error:
                raise ChannelClosed("the peer sent a frame that is not JSON") from error
            if not isinstance(message, dict):
                raise ChannelClosed("the peer sent a frame that is not an object")
            complete.append(message)
            del self._bytes[:end]
        return complete
