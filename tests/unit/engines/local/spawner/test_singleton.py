import fcntl
import os
import socket
import stat

import pytest

from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.singleton import listen, take_lock


@pytest.fixture
def held(tmp_path):
    """The lock, held by another open file: to flock that is another process."""
    descriptor = os.open(tmp_path / "spawner.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def test_the_lock_is_private_and_not_inherited(tmp_path):
    descriptor = take_lock(tmp_path / "state", sleep=lambda _: pytest.fail("nobody holds it"))
    try:
        assert not os.get_inheritable(descriptor)
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "state/spawner.lock").stat().st_mode) == 0o600
    finally:
        os.close(descriptor)


def test_a_lock_that_stays_taken_is_refused_after_its_time_with_its_file(tmp_path, held):
    waited = []
    with pytest.raises(Refused, match=r"another spawner holds .*spawner\.lock") as refused:
        take_lock(tmp_path, seconds=0.1, sleep=waited.append)
    assert refused.value.code == "AlreadyRunning"
    assert sum(waited) == pytest.approx(0.1)


def test_a_lock_that_becomes_free_meanwhile_is_taken(tmp_path, held):
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 2:
            fcntl.flock(held, fcntl.LOCK_UN)

    os.close(take_lock(tmp_path, sleep=sleep))
    assert len(waited) == 2


def test_the_socket_is_private_and_takes_the_place_of_a_dead_one(tmp_path):
    path = str(tmp_path / "s")
    listen(path).close()
    with listen(path) as again:
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
        assert again.gettimeout() == 0.0
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)


def test_a_socket_that_answers_is_left_alone(tmp_path):
    path = str(tmp_path / "s")
    with listen(path), pytest.raises(Refused, match="another process answers") as refused:
        listen(path)
    assert refused.value.code == "AlreadyRunning"


def test_a_file_that_is_no_socket_is_not_removed(tmp_path):
    file = tmp_path / "s"
    file.write_text("precious")
    with pytest.raises(Refused, match="cannot listen") as refused:
        listen(str(file))
    assert refused.value.code == "SocketUnusable"
    assert file.read_text() == "precious"
