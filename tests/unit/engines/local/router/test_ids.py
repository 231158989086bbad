from flaskship.engines.local.router.__main__ import request_ids


def test_no_two_requests_have_the_same_id():
    first, second = request_ids(), request_ids()
    ids = {new() for new in (first, second) for _ in range(1000)}
    assert len(ids) == 2000
    assert {len(one) for one in ids} == {32}
