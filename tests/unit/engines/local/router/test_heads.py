from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.router import heads
from flaskship.engines.local.router.heads import (
    CHUNKED,
    MAX_HEAD,
    MAX_LINE,
    UNTIL_CLOSE,
    BadMessage,
    find_head,
    known_request,
    known_response,
    parse_request,
    parse_response,
    remember_request,
)

LINE = b"GET /a?b=c HTTP/1.1\r\n"
HOST = b"Host: a\r\n"


def request(fields=b"", line=LINE, host=HOST):
    return parse_request(line + host + fields)


def response(fields=b"", status=b"200 OK", method=b"GET"):
    return parse_response(b"HTTP/1.1 " + status + b"\r\n" + fields, method)


def test_a_request_line_is_taken_apart():
    parsed = request()
    assert (parsed.method, parsed.target, parsed.minor, parsed.headers.host) == (b"GET", b"/a?b=c", 1, b"a")


def test_an_absolute_target_becomes_a_path():
    assert request(line=b"GET http://A/x?y HTTP/1.1\r\n").target == b"/x?y"
    assert request(line=b"GET http://a HTTP/1.1\r\n").target == b"/"
    assert request(line=b"OPTIONS * HTTP/1.1\r\n").target == b"*"


@pytest.mark.parametrize("target", [b"*", b"a", b"ftp://a/", b"http://u@a/", b"?x"])
def test_other_targets_are_refused(target):
    with pytest.raises(BadMessage) as error:
        request(line=b"GET " + target + b" HTTP/1.1\r\n")
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("line", "fields", "persistent"),
    [
        (LINE, b"", True),
        (LINE, b"Connection: close\r\n", False),
        (LINE, b"Connection: Keep-Alive, CLOSE\r\n", False),
        (b"GET / HTTP/1.0\r\n", b"", False),
        (b"GET / HTTP/1.0\r\n", b"Connection: keep-alive\r\n", True),
    ],
)
def test_persistence_follows_the_version_and_the_field(line, fields, persistent):
    assert request(fields, line).persistent is persistent


@pytest.mark.parametrize(
    ("line", "fields", "safe"),
    [
        (b"GET / HTTP/1.1\r\n", b"", True),
        (b"HEAD / HTTP/1.1\r\n", b"", True),
        (b"OPTIONS / HTTP/1.1\r\n", b"", True),
        (b"DELETE / HTTP/1.1\r\n", b"", False),
        (b"POST / HTTP/1.1\r\n", b"", False),
        (b"GET / HTTP/1.1\r\n", b"Content-Length: 1\r\n", False),
        (b"GET / HTTP/1.1\r\n", b"Transfer-Encoding: chunked\r\n", False),
        (b"GET / HTTP/1.1\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n", False),
    ],
)
def test_only_what_changes_nothing_may_be_sent_twice(line, fields, safe):
    assert request(fields, line).safe is safe


def test_lengths():
    assert request().headers.length == 0
    assert request(b"Content-Length: 0\r\n").headers.length == 0
    assert request(b"Content-Length:  12 \r\n").headers.length == 12
    assert request(b"transfer-ENCODING: Chunked\r\n").headers.length == CHUNKED


def test_a_field_named_in_connection_does_not_go_on_but_what_protects_does():
    kept = request(
        b"X-A: 1\r\nX-B: 2\r\nCookie: c\r\nConnection: x-a, cookie, host, content-length\r\n"
    ).headers.kept
    assert b"X-A" not in kept
    assert b"X-B: 2\r\n" in kept
    assert b"Cookie: c\r\n" in kept
    assert b"Host: a\r\n" in kept


def test_an_upgrade_is_only_ever_to_websocket():
    upgrade = b"Connection: Upgrade\r\nUpgrade: "
    assert request(upgrade + b"WebSocket\r\n").headers.upgrade == b"websocket"
    assert request(upgrade + b"h2c\r\nHTTP2-Settings: x\r\n").headers.upgrade == b""
    assert b"HTTP2" not in request(upgrade + b"h2c\r\nHTTP2-Settings: x\r\n").headers.kept
    assert request(b"Upgrade: websocket\r\n").headers.upgrade == b""


def test_several_forwarded_for_fields_become_one():
    assert request(b"X-Forwarded-For: 1\r\nX-Forwarded-For: 2\r\n").headers.forwarded_for == b"1, 2, "


def test_an_expectation_without_a_body_is_dropped():
    assert b"Expect" not in request(b"Expect: 100-continue\r\n").headers.kept
    assert (
        b"Expect: 100-continue\r\n" in request(b"Expect: 100-Continue\r\nContent-Length: 1\r\n").headers.kept
    )


def outcome(parse):
    """Return what was parsed and None, or nothing and the status of the refusal."""
    try:
        return parse(), None
    except BadMessage as error:
        return b"", error.status


@given(st.binary(max_size=200))
def test_whatever_comes_is_parsed_or_refused_and_never_carries_a_bare_line_end(block):
    kept, refused = outcome(lambda: parse_request(LINE + HOST + block).headers.kept)
    assert refused is None or 400 <= refused < 600
    assert b"\r" not in kept.replace(b"\r\n", b"")
    assert b"\n" not in kept.replace(b"\r\n", b"")
    assert b"\r\n\r\n" not in kept


@given(st.binary(max_size=200))
def test_whatever_a_replica_says_is_parsed_or_a_502(head):
    for text in (head, b"HTTP/1.1 200 OK\r\n" + head):
        kept, refused = outcome(partial(parse_response, text, b"GET"))
        assert refused in (None, 502)
        assert kept == b"" or b"\n" not in kept.kept.replace(b"\r\n", b"")


def test_what_holds_a_secret_is_not_remembered(monkeypatch):
    monkeypatch.setattr(heads, "_requests", {})
    monkeypatch.setattr(heads, "_responses", {})
    for field in (
        b"Cookie: s=1",
        b"Authorization: Bearer 1",
        b"X-Api-Key: 1",
        b"X-Auth-Token: 1",
        b"X-Request-Id: 1",
    ):
        request(field + b"\r\n")
    response(b"Set-Cookie: s=1\r\n")
    assert heads._requests == {}
    assert heads._responses == {}
    assert request().headers is request().headers
    assert response() is response()


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(heads, "_requests", {})
    for number in range(1000):
        request(b"X-N: %d\r\n" % number)
    request(b"X-N: %b\r\n" % (b"x" * 5000))
    assert len(heads._requests) <= 256
    assert max(map(len, heads._requests)) <= 1024


def test_a_remembered_answer_to_get_is_not_taken_for_one_to_head():
    fields = b"Content-Length: 5\r\n"
    assert response(fields).length == 5
    assert response(fields, method=b"HEAD").length == 0
    assert response(fields).length == 5


@pytest.mark.parametrize(
    ("fields", "status", "method", "length"),
    [
        (b"Content-Length: 5\r\n", b"200 OK", b"GET", 5),
        (b"Content-Length: 5\r\nContent-Length: 5\r\n", b"200 OK", b"GET", 5),
        (b"Transfer-Encoding: chunked\r\n", b"200 OK", b"GET", CHUNKED),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"200 OK", b"GET", CHUNKED),
        (b"", b"200 OK", b"GET", UNTIL_CLOSE),
        (b"", b"204 No Content", b"GET", 0),
        (b"Content-Length: 5\r\n", b"304 Not Modified", b"GET", 0),
        (b"Content-Length: 5\r\n", b"200 OK", b"HEAD", 0),
        (b"", b"100 Continue", b"GET", 0),
        (b"", b"200", b"GET", UNTIL_CLOSE),
    ],
)
def test_where_an_answer_ends(fields, status, method, length):
    assert response(fields, status, method).length == length


def test_a_coding_beats_a_length_and_only_one_goes_on():
    parsed = response(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")
    assert b"Content-Length" not in parsed.kept
    assert not parsed.persistent


@pytest.mark.parametrize(
    ("head", "persistent"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n", True),
        (b"HTTP/1.1 200 OK\r\n", False),
    ],
)
def test_whether_a_replica_keeps_the_connection(head, persistent):
    assert parse_response(head, b"GET").persistent is persistent


def test_a_head_ends_at_its_empty_line():
    assert find_head(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest") == 23
    assert find_head(b"GET / HTTP/1.1\r\nHost: a\r\n") == -1
    assert find_head(b"") == -1


@pytest.mark.parametrize(
    ("buffer", "status"),
    [
        (b"x" * (MAX_LINE + 1), 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\n\n", 400),
    ],
)
def test_a_head_that_is_too_large_or_never_ends_is_refused(buffer, status):
    with pytest.raises(BadMessage) as error:
        find_head(buffer)
    assert error.value.status == status


def test_the_same_bytes_are_known_as_the_same_request():
    data = LINE + HOST + b"Accept: known\r\n\r\n"
    parsed = parse_request(data[:-2])
    assert known_request(data) is None
    remember_request(data, parsed)
    assert known_request(data) is parsed
    assert known_request(data + data) is None
    assert known_request(data[:-1]) is None


@pytest.mark.parametrize(
    "fields",
    [b"Cookie: a=b\r\n", b"X-Request-Id: mine\r\n", b"Content-Length: 5\r\n", b"A: " + b"x" * 1024 + b"\r\n"],
)
def test_what_holds_a_secret_an_id_or_a_body_is_not_known_again(fields):
    data = LINE + HOST + fields + b"\r\n"
    remember_request(data, parse_request(data[:-2]))
    assert known_request(data) is None


def test_what_is_known_stays_bounded():
    for number in range(1000):
        data = LINE + HOST + b"Number: %d\r\n\r\n" % number
        remember_request(data, parse_request(data[:-2]))
    known = (known_request(LINE + HOST + b"Number: %d\r\n\r\n" % number) for number in range(1000))
    assert 0 < sum(one is not None for one in known) <= 256


def test_an_answer_to_head_is_not_known_by_its_head():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n"
    parsed = parse_response(head, b"GET")
    assert known_response(head, b"GET") is parsed
    assert known_response(head, b"HEAD") is None
