"""Which answers waiting does not change."""

import pytest

from flaskship.verification.definite import is_definite


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 415, 451, 501, 505])
def test_a_wrong_path_method_or_permission_is_definite(status):
    assert is_definite(status)


@pytest.mark.parametrize("status", [408, 409, 423, 424, 425, 429, 500, 502, 503, 504, 507, 511])
def test_what_says_not_now_is_not(status):
    assert not is_definite(status)


@pytest.mark.parametrize("status", [None, 0, 100, 200, 204, 301, 302, 304, 399, 600])
def test_no_answer_and_what_a_probe_takes_for_a_success_are_not(status):
    assert not is_definite(status)
