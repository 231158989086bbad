from types import SimpleNamespace

import pytest

from flaskship.engines.local.supervisor import log_caps
from flaskship.engines.local.supervisor.log_caps import CALM_SECONDS, HASTY_SECONDS, cap_logs


class Over(Exception):
    pass


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(log_caps, "MOST_BYTES", 1000)
    monkeypatch.setattr(log_caps, "KEPT_BYTES", 500)
    monkeypatch.setattr(log_caps, "FAST_BYTES", 600)


def supervisor(folder, *containers, init=()):
    replica = SimpleNamespace(
        init=dict.fromkeys(init),
        containers=dict.fromkeys(containers),
        log=lambda name: folder / f"{name}.log",
    )
    return SimpleNamespace(environments={"dev": SimpleNamespace(replicas={"a": replica})})


async def look(one, *meanwhile):
    """Look once for each thing that happens meanwhile, and once more; return the pauses."""
    pauses, left = [], list(meanwhile)

    async def sleep(seconds):
        pauses.append(seconds)
        if not left:
            raise Over
        left.pop(0)()

    with pytest.raises(Over):
        await cap_logs(one, sleep)
    return pauses


async def test_a_log_within_its_bounds_is_left_alone(tmp_path, small):
    (tmp_path / "web.log").write_bytes(b"x" * 1000)
    await look(supervisor(tmp_path, "web"))
    assert (tmp_path / "web.log").stat().st_size == 1000


async def test_a_log_beyond_keeps_its_last_lines_and_its_file(tmp_path, small):
    log = tmp_path / "web.log"
    log.write_bytes(b"".join(b"line %03d\n" % number for number in range(200)))
    inode = log.stat().st_ino
    await look(supervisor(tmp_path, "web"))
    assert log.stat().st_size == 0
    assert (tmp_path / "web.log.1").read_bytes().endswith(b"line 199\n")
    assert (tmp_path / "web.log.1").stat().st_size == 500
    assert log.stat().st_ino == inode  # a process that appends goes on in the same file


async def test_the_logs_of_init_containers_are_bounded_too(tmp_path, small):
    (tmp_path / "migrate.log").write_bytes(b"x\n" * 2000)
    await look(supervisor(tmp_path, "web", init=("migrate",)))
    assert (tmp_path / "migrate.log").stat().st_size <= 1000


async def test_what_grows_fast_is_looked_at_again_at_once(tmp_path, small):
    log = tmp_path / "web.log"
    log.write_bytes(b"")

    def flood():
        with log.open("ab") as file:
            file.write(b"y\n" * 350)

    assert await look(supervisor(tmp_path, "web"), flood, lambda: None) == [
        CALM_SECONDS,
        HASTY_SECONDS,
        CALM_SECONDS,
    ]


async def test_a_log_that_is_not_there_hides_no_other(tmp_path, small):
    (tmp_path / "web.log").write_bytes(b"z\n" * 2000)
    await look(supervisor(tmp_path, "gone", "web"))
    assert (tmp_path / "web.log").stat().st_size <= 1000
