import json

import pytest

from flaskship.engines.local.router.replies import problem


def parts(data):
    head, _, body = data.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def test_a_problem_says_what_where_and_which_request():
    head, body = parts(problem(502, "it broke", service="my-api", request_id="r1", close=False))
    assert head[0] == "HTTP/1.1 502 Bad Gateway"
    assert f"Content-Length: {len(body)}" in head
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Bad Gateway",
        "status": 502,
        "detail": "it broke",
        "service": "my-api",
        "request_id": "r1",
    }


@pytest.mark.parametrize("status", [400, 405, 408, 414, 417, 431, 501, 502, 503, 504, 505])
def test_each_status_has_its_words(status):
    head, body = parts(problem(status, "why", close=True))
    assert head[0].startswith(f"HTTP/1.1 {status} ")
    assert "Connection: close" in head
    assert ("Retry-After: 1" in head) == (status == 503)
    assert any(field.startswith("Allow: ") for field in head) == (status == 405)
    assert json.loads(body)["status"] == status


def test_an_answer_to_head_has_no_body_but_its_length():
    head, body = parts(problem(503, "why", close=False, head_only=True))
    assert body == b""
    assert any(field.startswith("Content-Length: ") for field in head)


def test_a_service_name_cannot_break_out_of_the_document():
    head, body = parts(problem(503, "x", service='"\r\n\r\nevil', close=False))
    assert json.loads(body)["service"] == '"\r\n\r\nevil'
    assert len(head) == 5
