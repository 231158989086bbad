import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.router.bodies import ChunkedBody, EndlessBody, LengthBody, body_of
from flaskship.engines.local.router.heads import CHUNKED, UNTIL_CLOSE, BadMessage


def feed_all(body, pieces):
    out = b""
    for position, piece in enumerate(pieces):
        if body.done:
            return out, b"".join(pieces[position:])
        forward, rest = body.feed(piece)
        out += forward
        if rest:
            return out, rest + b"".join(pieces[position + 1 :])
    return out, b""


def cut(data, places):
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.binary(max_size=50), st.binary(max_size=20), st.lists(st.integers(0, 1000), max_size=8))
def test_a_body_by_length_ends_where_it_says(content, after, places):
    body = LengthBody(len(content))
    assert feed_all(body, cut(content + after, places)) == (content, after)
    assert body.done


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.binary(max_size=20),
    st.lists(st.integers(0, 1000), max_size=12),
)
def test_a_chunked_body_means_the_same_however_it_is_cut(chunks, after, places):
    wire = b"".join(b"%X;x=y\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nT: 1\r\n\r\n"
    plain = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    body = ChunkedBody(400)
    assert feed_all(body, cut(wire + after, places)) == (plain, after)
    assert body.done


@given(st.binary(max_size=60))
def test_whatever_comes_as_chunks_is_a_body_or_refused(data):
    refused = None
    try:
        ChunkedBody(502).feed(data)
    except BadMessage as error:
        refused = error
    assert refused is None or refused.status == 502


@pytest.mark.parametrize("wire", [b"1\r\nx\r\n0\r\n" + b"T: 1\r\n" * 8000, b"f" * 2000])
def test_lines_and_trailers_are_bounded(wire):
    with pytest.raises(BadMessage):
        ChunkedBody(400).feed(wire)


def test_an_endless_body_never_ends():
    body = EndlessBody()
    assert body.feed(b"x") == (b"x", b"")
    assert not body.done


def test_each_length_has_its_body():
    assert body_of(0, 400) is None
    assert isinstance(body_of(5, 400), LengthBody)
    assert isinstance(body_of(CHUNKED, 400), ChunkedBody)
    assert isinstance(body_of(UNTIL_CLOSE, 502), EndlessBody)
