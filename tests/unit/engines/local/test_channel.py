import asyncio
import os
import socket

import pytest

from flaskship.engines.local.channel import MAX_FRAME, Channel, ChannelClosed, FrameBuffer, encode


def pair() -> tuple[Channel, Channel]:
    left, right = socket.socketpair()
    return Channel(left), Channel(right)


async def test_messages_arrive_whole_and_in_order():
    left, right = pair()
    big = {"text": "x" * 1_000_000}
    sending = asyncio.gather(left.send({"n": 1}), left.send(big))
    assert await right.receive() == {"n": 1}
    assert await right.receive() == big
    await sending
    left.close()
    right.close()


async def test_open_files_travel_beside_a_message():
    left, right = pair()
    reader, writer = os.pipe()
    await left.send({"take": "this"}, [writer])
    os.close(writer)
    assert await right.receive() == {"take": "this"}
    received = right.files.popleft()
    os.write(received, b"through")
    assert os.read(reader, 10) == b"through"
    os.close(received)
    os.close(reader)
    left.close()
    right.close()


async def test_a_peer_that_goes_away_is_told_as_closed():
    left, right = pair()
    left.close()
    with pytest.raises(ChannelClosed):
        await right.receive()
    with pytest.raises(ChannelClosed):
        await right.send({"n": 1})
    right.close()


@pytest.mark.parametrize(
    "data", [(MAX_FRAME + 1).to_bytes(4, "big"), b"\0\0\0\2[]", b"\0\0\0\3{,}", b"\0\0\0\1\xff"]
)
def test_what_is_no_frame_closes_the_channel(data):
    with pytest.raises(ChannelClosed):
        FrameBuffer().feed(data)


def test_bytes_may_come_one_at_a_time():
    buffer = FrameBuffer()
    seen = [message for byte in encode({"ä": [1]}) for message in buffer.feed(bytes([byte]))]
    assert seen == [{"ä": [1]}]


def test_a_message_over_the_limit_is_refused_before_it_is_sent():
    with pytest.raises(ValueError, match="over the limit"):
        encode({"text": "x" * (MAX_FRAME + 1)})
