import os
import socket
import stat
from pathlib import Path

import pytest

from flaskship.engines.local.spawner.refusal import Refused
from flaskship.engines.local.spawner.singleton import listen, take_lock


def test_the_second_waits_and_then_gives_up(tmp_path):
    first = take_lock(tmp_path / "state")
    waits = []
    with pytest.raises(Refused, match="another spawner") as refused:
        take_lock(tmp_path / "state", seconds=1.0, sleep=waits.append)
    assert refused.value.code == "AlreadyRunning"
    assert 1.0 <= sum(waits) < 1.1
    os.close(first)


def test_a_lock_given_up_meanwhile_is_taken(tmp_path):
    first = take_lock(tmp_path)
    second = take_lock(tmp_path, sleep=lambda _: os.close(first))
    os.close(second)


def test_the_folder_and_the_lock_are_private(tmp_path):
    lock = take_lock(tmp_path / "state")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE(os.fstat(lock).st_mode) == 0o600
    os.close(lock)


def test_the_socket_is_private(tmp_path):
    with listen(str(tmp_path / "s")):
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_a_socket_whose_owner_died_is_replaced_and_one_that_answers_is_not(tmp_path):
    path = str(tmp_path / "s")
    listen(path).close()
    with listen(path):
        with pytest.raises(Refused, match="answers") as refused:
            listen(path)
        assert refused.value.code == "AlreadyRunning"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)


def test_a_file_that_is_no_socket_is_never_removed(tmp_path):
    (tmp_path / "s").write_text("precious")
    with pytest.raises(Refused, match="cannot listen"):
        listen(str(tmp_path / "s"))
    assert (tmp_path / "s").read_text() == "precious"


@pytest.mark.parametrize("path", ["/no/such/folder/s", "/tmp/" + "x" * 200])
def test_a_path_that_cannot_be_bound_is_named(path):
    with pytest.raises(Refused, match="cannot listen at") as refused:
        listen(path)
    assert path in refused.value.message
    assert not Path(path).exists()
