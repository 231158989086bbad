import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flaskship.engines.local.channel import Channel
from flaskship.engines.local.processes import capabilities
from flaskship.engines.local.processes.capabilities import NAMES, VARIABLE, has, taken_away
from flaskship.engines.local.processes.changes import PollingChanges, file_changes
from flaskship.engines.local.processes.containment import choose_containment
from flaskship.engines.local.processes.identity import UNKNOWN_START, ProcessIdentity, alive, identify
from flaskship.engines.local.processes.ports import FreePorts, choose_addresses
from flaskship.engines.local.processes.signals import send
from flaskship.engines.local.processes.sockdiag import listening_sockets
from flaskship.engines.local.processes.watch import PollingWatch, process_watch
from flaskship.engines.local.processes.watchdog import (
    Watchdog,
    descendants,
    own_threads,
    processor_seconds,
    resident,
)
from flaskship.engines.local.spawner.children import Children
from flaskship.engines.local.spawner.connection import same_user
from flaskship.engines.local.spawner.landlock import version
from flaskship.engines.local.spawner.records import Records
from flaskship.engines.local.spawner.request import parse_spawn
from flaskship.engines.local.spawner.subreaper import become_subreaper


@pytest.fixture
def without(monkeypatch):
    return lambda *names: monkeypatch.setenv(VARIABLE, ",".join(names))


def test_names_are_taken_away_one_by_one_or_all_at_once():
    assert taken_away("") == frozenset()
    assert taken_away("pidfd, proc") == {"pidfd", "proc"}
    assert taken_away("all") == NAMES


def test_a_name_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="names 'pidfs'; it knows all, addresses"):
        taken_away("pidfs")


def test_what_the_system_lacks_cannot_be_given(without, monkeypatch):
    monkeypatch.setitem(capabilities._OFFERED, "pidfd", False)
    without()
    assert not has("pidfd")


def test_without_pidfd_processes_are_watched_by_asking(without):
    without("pidfd")
    assert isinstance(process_watch(), PollingWatch)


def test_without_pidfd_a_signal_still_goes_to_this_very_process_only(without):
    without("pidfd")
    me = identify(os.getpid())
    assert send(me, 0)
    assert not send(ProcessIdentity(me.pid, me.start_time + 1, me.boot_id), 0)


def test_without_addresses_replicas_get_ports(without, tmp_path):
    without("addresses")
    addresses = choose_addresses(tmp_path)
    assert isinstance(addresses, FreePorts)
    place = addresses.allocate([5000])
    assert place.address == "127.0.0.1"
    assert place.ports[5000] != 5000


def test_without_cgroups_a_watchdog_holds_the_limits(without, tmp_path):
    async def nobody(_):
        raise AssertionError

    without("cgroups")
    dog = Watchdog(tmp_path, nobody)
    assert choose_containment(tmp_path, watchdog=lambda: dog) is dog


async def test_without_inotify_files_are_looked_at(without):
    without("inotify")
    changes = file_changes()
    assert isinstance(changes, PollingChanges)
    changes.close()


def test_without_proc_the_kernel_is_not_asked_for_sockets_either(without):
    without("proc")
    assert listening_sockets() is None


def test_without_a_subreaper_nobody_becomes_one(without):
    without("subreaper")
    assert not become_subreaper()


def test_without_waitid_children_are_reaped_all_the_same(without, tmp_path):
    without("waitid")
    children = Children(str(tmp_path), Records(tmp_path), lock=-1, now=lambda: 5.0)
    program = {"uid": "u1", "argv": ["/bin/sh", "-c", "exit 3"], "cwd": "/", "log": str(tmp_path / "log")}
    children.spawn(parse_spawn(program))
    ended = []
    while not ended:
        ended = children.reap()
    assert [(record.uid, record.ending.exit_code) for record in ended] == [("u1", 3)]


def test_without_peercred_the_mode_of_the_socket_is_relied_on(without):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert Channel(ours).peer_uid() == os.getuid()
        without("peercred")
        assert Channel(ours).peer_uid() is None
        assert same_user(theirs)


def test_without_landlock_nothing_bounds_what_is_written(without):
    without("landlock")
    assert version() == 0


SEAMS = {
    "addresses": "free ports of 127.0.0.1 in place of loopback addresses",
    "cgroups": "the watchdog in place of cgroups",
    "inotify": "looks at the size of log files",
    "landlock": "no bound on what is written",
    "peercred": "the mode of the socket",
    "pidfd": "polling by number",
    "proc": "psutil and sysctl",
    "subreaper": "orphans go to init",
    "waitid": "wait4 without a look before",
}
"""Every seam, and its way without."""


def test_every_seam_is_forced_by_a_test_of_its_own():
    """And all of them at once by tests/integration/portability, with real processes."""
    assert set(SEAMS) == NAMES
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in NAMES if f'without("{name}")' not in text] == []


def test_a_start_that_nobody_could_read_is_that_of_whoever_has_the_pid():
    me = identify(os.getpid())
    assert alive(ProcessIdentity(me.pid, UNKNOWN_START, me.boot_id))
    assert not alive(ProcessIdentity(me.pid, UNKNOWN_START, "another boot"))
    assert not alive(ProcessIdentity(2**22 + 1, UNKNOWN_START, me.boot_id))


NOWHERE = Path("/proc/taken-away")


def test_without_proc_a_family_is_found_and_measured():
    program = "import sys; sum(range(10**6)); print('up', flush=True); sys.stdin.read()"
    command = [sys.executable, "-I", "-S", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"up\n"
        assert {os.getpid(), child.pid} <= set(descendants((os.getpid(),), NOWHERE))
        assert resident(child.pid, NOWHERE) > 1024 * 1024
        assert processor_seconds(child.pid, NOWHERE) > 0
        assert own_threads(NOWHERE) >= 2
        assert identify(child.pid, NOWHERE) == identify(child.pid, NOWHERE)
        child.stdin.close()
    assert descendants((child.pid,), NOWHERE) == ()
    assert (resident(child.pid, NOWHERE), processor_seconds(child.pid, NOWHERE)) == (0, 0.0)
    assert identify(child.pid, NOWHERE) is None
