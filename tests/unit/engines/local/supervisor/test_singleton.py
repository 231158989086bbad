import os
import socket
import subprocess
import sys

import pytest

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.supervisor.singleton import become_the_one

HOLD = (
    "import fcntl, sys\n"
    "file = open(sys.argv[1], 'a+')\n"
    "fcntl.flock(file, fcntl.LOCK_EX)\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def paths(tmp_path):
    paths = LocalPaths(tmp_path)
    paths.create()
    return paths


@pytest.fixture
def other(paths):
    """Another process that holds the lock until it is let go."""
    command = [sys.executable, "-I", "-S", "-c", HOLD, str(paths.supervisor_lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def never(_):
    raise AssertionError("nobody was to wait")


def listening(paths):
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(str(paths.socket("supervisor")))
    door.listen()
    return door


def test_the_first_one_becomes_it_and_writes_down_who_it_is(paths):
    paths.supervisor_lock.write_text("1234567890")
    assert become_the_one(paths, patient=True, sleep=never)
    assert paths.supervisor_lock.read_text() == str(os.getpid())


def test_the_impatient_leave_at_once(paths, other):
    assert not become_the_one(paths, patient=False, sleep=never)


def test_the_patient_leave_where_another_one_answers(paths, other):
    with listening(paths):
        assert not become_the_one(paths, patient=True, sleep=never)


def test_the_patient_wait_for_one_that_is_ending(paths, other):
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            other.stdin.close()
            other.wait()

    assert become_the_one(paths, patient=True, sleep=sleep)
    assert len(waited) == 3


def test_a_socket_that_nobody_serves_any_more_is_no_answer(paths, other):
    listening(paths).close()

    def sleep(_):
        other.stdin.close()
        other.wait()

    assert become_the_one(paths, patient=True, sleep=sleep)
