import resource
import signal

import pytest

from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.request import parse_signal, parse_spawn, parse_stop, parse_uid

LEAST = {"uid": "u1", "argv": ["/bin/true"], "cwd": "/", "log": "/tmp/x.log"}


def test_the_least_request_has_private_defaults():
    request = parse_spawn(LEAST)
    assert request.argv == ("/bin/true",)
    assert (request.env, request.cgroup, request.rlimits, request.umask, request.nice) == (
        {},
        (),
        (),
        0o077,
        0,
    )


def test_every_field_is_read():
    full = {"env": {"A": "1"}, "cgroup": ["/c"], "rlimits": {"NPROC": 7, "CORE": -1}, "umask": 18, "nice": 5}
    request = parse_spawn(LEAST | full)
    assert request.env == {"A": "1"}
    assert request.cgroup == ("/c",)
    assert request.rlimits == ((resource.RLIMIT_NPROC, 7), (resource.RLIMIT_CORE, -1))
    assert (request.umask, request.nice) == (18, 5)
    assert request.writable is None
    assert parse_spawn(LEAST | {"writable": ["/dev"]}).writable == ("/dev",)
    assert parse_spawn(LEAST | {"writable": []}).writable == ()


def test_null_means_the_default():
    assert parse_spawn(LEAST | {"cgroup": None, "env": None, "rlimits": None}).cgroup == ()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"uid": None}, "uid"),
        ({"uid": ""}, "uid"),
        ({"uid": "../etc"}, "uid"),
        ({"uid": "a/b"}, "uid"),
        ({"uid": ".hidden"}, "uid"),
        ({"uid": "x" * 129}, "uid"),
        ({"uid": "a\n"}, "uid"),
        ({"uid": 7}, "uid"),
        ({"argv": None}, "argv"),
        ({"argv": []}, "argv"),
        ({"argv": [""]}, "argv"),
        ({"argv": "true"}, "argv"),
        ({"argv": [1]}, "argv"),
        ({"argv": ["a\0b"]}, "argv"),
        ({"env": {"": "x"}}, "environment"),
        ({"env": {"A=B": "x"}}, "environment"),
        ({"env": {"A": 1}}, "environment"),
        ({"env": {"A": "x\0"}}, "environment"),
        ({"env": ["A=1"]}, "env"),
        ({"cwd": "relative"}, "cwd"),
        ({"cwd": None}, "cwd"),
        ({"log": "x.log"}, "log"),
        ({"log": "/a\0"}, "log"),
        ({"cgroup": "/c"}, "cgroup"),
        ({"rlimits": {"NOSUCH": 1}}, "NOSUCH"),
        ({"rlimits": {"NPROC": "1"}}, "NPROC"),
        ({"rlimits": {"NPROC": -2}}, "NPROC"),
        ({"rlimits": {"NPROC": True}}, "NPROC"),
        ({"umask": "077"}, "umask"),
        ({"umask": -1}, "umask"),
        ({"umask": 0o1000}, "umask"),
        ({"nice": True}, "nice"),
        ({"nice": 2**40}, "nice"),
    ],
)
def test_a_wrong_field_is_named(change, named):
    with pytest.raises(Refused, match=named) as refused:
        parse_spawn(LEAST | change)
    assert refused.value.code == "BadRequest"


def test_a_secret_in_the_environment_is_not_in_the_refusal():
    with pytest.raises(Refused) as refused:
        parse_spawn(LEAST | {"env": {"TOKEN": "hunter2\0"}})
    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize("wanted", [signal.SIGTERM, 15, "SIGTERM"])
def test_signals_go_by_number_or_name(wanted):
    assert parse_signal({"uid": "u1", "signal": wanted}).number == 15


@pytest.mark.parametrize("wanted", [None, 0, -1, 999, "TERM", "SIG_DFL", "name", "__doc__", 1.5, [], True])
def test_what_is_no_signal_is_refused(wanted):
    with pytest.raises(Refused, match="no signal"):
        parse_signal({"uid": "u1", "signal": wanted})


def test_stop_is_gentle_unless_forced():
    assert parse_stop({}) == (False, 5.0)
    assert parse_stop({"force": True, "grace": 0}) == (True, 0.0)


@pytest.mark.parametrize("grace", [-1, 3601, "5", True, float("nan")])
def test_a_wrong_grace_is_refused(grace):
    with pytest.raises(Refused, match="grace"):
        parse_stop({"grace": grace})


@pytest.mark.parametrize("uid", ["a", "0", "my-tomorrows-api-5d8f-x2.1", "A_b", "x" * 128])
def test_usual_uids_pass(uid):
    assert parse_uid({"uid": uid}) == uid
