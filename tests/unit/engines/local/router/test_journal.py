import os
import stat

import pytest

from flaskship.engines.local.router import journal
from flaskship.engines.local.routes import Route, RouteError, RouteTable

TABLE = RouteTable(3, (Route("a"),))


def test_a_table_is_saved_for_its_owner_alone_and_read_back(tmp_path):
    path = tmp_path / "routes.json"
    journal.save(path, RouteTable(2))
    journal.save(path, TABLE)
    assert journal.load(path) == TABLE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["routes.json"]


def test_without_a_file_there_is_an_empty_table(tmp_path):
    assert journal.load(tmp_path / "none.json") == RouteTable(0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"number": "x"}', b"\xff\xfe"])
def test_a_damaged_file_is_named_and_can_be_set_aside(tmp_path, content):
    path = tmp_path / "routes.json"
    path.write_bytes(content)
    with pytest.raises(RouteError, match=r"routes\.json"):
        journal.load(path)
    assert journal.set_aside(path).read_bytes() == content
    assert not path.exists()


def test_a_failed_save_leaves_the_old_table(tmp_path):
    path = tmp_path / "routes.json"
    journal.save(path, TABLE)
    folder = tmp_path / "gone" / "routes.json"
    with pytest.raises(OSError, match="gone"):
        journal.save(folder, TABLE)
    assert journal.load(path) == TABLE


def test_a_link_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".routes.json.{os.getpid()}").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        journal.save(tmp_path / "routes.json", TABLE)
    assert victim.read_text() == "mine"
