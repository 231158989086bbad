import asyncio
import itertools
import json
import os
import resource
import stat
import sys
from pathlib import Path

import pytest

from flaskship.engines.local.channel import Channel
from flaskship.engines.local.processes.identity import alive
from flaskship.engines.local.spawner.client import Spawner, SpawnerRefused
from flaskship.engines.local.spawner.records import read_records

# Signals 32 and 33 belong to glibc: its posix_spawn (which make uses) leaves them ignored, and no program can
# set them otherwise; glibc takes them back itself when it needs them.
GLIBC_OWN = 1 << 31 | 1 << 32
SHOW = """
import json, os, resource, signal, sys
print(json.dumps({
    "env": dict(os.environ), "cwd": os.getcwd(), "umask": os.umask(0), "nice": os.nice(0),
    "session": os.getsid(0) == os.getpid() == os.getpgid(0),
    "fds": sorted(int(n) for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")),
    "stdin": os.readlink("/proc/self/fd/0"), "nproc": resource.getrlimit(resource.RLIMIT_NPROC)[0],
    "core": resource.getrlimit(resource.RLIMIT_CORE), "append": os.get_blocking(1),
    "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "ignored": [line for line in open("/proc/self/status") if line.startswith("SigIgn")][0].split()[1],
}))
"""


async def test_a_replica_starts_clean(home):
    spawner = await home.open()
    options = {"env": {"A": "1", "PATH": "/usr/bin"}, "umask": 0o027, "nice": 3}
    await home.python(spawner, "u1", SHOW, rlimits={"NPROC": 5000, "CORE": 0}, **options)
    assert (await home.ending(spawner, "u1")).ending.exit_code == 0
    seen = json.loads(home.log("u1").read_text())
    marks = {"FLASKSHIP_PROJECT": str(home.folder), "FLASKSHIP_UID": "u1"}
    assert {name: seen["env"][name] for name in ("A", "PATH", *marks)} == {
        "A": "1",
        "PATH": "/usr/bin",
    } | marks
    assert not set(seen["env"]) & {"HOME", "USER", "PYTHONPATH", "VIRTUAL_ENV"}
    assert (seen["cwd"], seen["umask"], seen["nice"]) == (str(home.folder), 0o027, os.nice(0) + 3)
    assert seen["session"]
    assert seen["fds"] == [0, 1, 2]
    assert seen["stdin"] == "/dev/null"
    assert (seen["nproc"], seen["core"]) == (min(5000, resource.getrlimit(resource.RLIMIT_NPROC)[1]), [0, 0])
    assert seen["mask"] == []
    ignored_by_python_itself = 1 << 12 | 1 << 24
    assert int(seen["ignored"], 16) & ~(ignored_by_python_itself | GLIBC_OWN) == 0
    assert stat.S_IMODE(home.log("u1").stat().st_mode) == 0o600
    await spawner.close()


async def test_signals_that_the_spawner_ignores_are_not_ignored_by_replicas(home):
    spawner = await home.open()
    await home.run(spawner, "u1", ["/bin/grep", "SigIgn", "/proc/self/status"])
    await home.ending(spawner, "u1")
    assert int(home.log("u1").read_text().split()[1], 16) & ~GLIBC_OWN == 0
    await spawner.close()


@pytest.mark.parametrize(
    ("script", "code", "number"),
    [
        ("exit 0", 0, None),
        ("exit 3", 3, None),
        ("exit 137", 137, None),
        ("kill -9 $$", None, 9),
        ("nope", 127, None),
    ],
)
async def test_each_end_is_on_disk_before_it_is_told(home, script, code, number):
    spawner = await home.open()
    started = await home.sh(spawner, "u1", script)
    told = await home.ending(spawner, "u1")
    assert (told.ending.exit_code, told.ending.signal) == (code, number)
    assert told.ending.rusage is not None
    assert read_records(home.state)["u1"] == told
    assert told._replace(ending=None) == started
    await spawner.forget("u1")
    assert read_records(home.state) == {}
    assert await spawner.list() == []
    await spawner.close()


async def test_one_uid_is_started_once_however_often_it_is_asked_for(home):
    spawner = await home.open()
    asked = [home.sh(spawner, "u1", "echo begun; sleep 60") for _ in range(10)]
    first, *others = await asyncio.gather(*asked)
    assert all(other == first for other in others)
    await home.said("u1", "begun")
    assert home.log("u1").read_text() == "begun\n"
    await spawner.signal("u1", 9)
    ended = await home.ending(spawner, "u1")
    assert await home.sh(spawner, "u1", "echo again") == ended
    await spawner.close()


async def test_what_cannot_run_is_named(home):
    spawner = await home.open()
    folder = home.folder
    for name, text, mode in (
        ("no-interpreter", "#!/no/such/python\n", 0o755),
        ("locked", "#!/bin/sh\n", 0o644),
        ("plain", "echo hello\n", 0o755),
        ("script-of-a-folder", f"#!{folder}\n", 0o755),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(mode)
    cases = [
        ({"argv": ["gunicorn-of-nobody"]}, "NotFound", "gunicorn-of-nobody"),
        ({"argv": ["./gone"]}, "NotFound", "./gone"),
        ({"argv": ["./no-interpreter"]}, "BadInterpreter", "/no/such/python"),
        ({"argv": ["./script-of-a-folder"]}, "BadInterpreter", str(folder)),
        ({"argv": ["./locked"]}, "PermissionDenied", "./locked"),
        ({"argv": ["./plain"]}, "NotExecutable", "./plain"),
        ({"argv": [str(folder)]}, "NotExecutable", str(folder)),
        ({"argv": ["true"], "cwd": f"{folder}/gone"}, "CwdMissing", f"{folder}/gone"),
        ({"argv": ["true"], "log": f"{folder}/gone/x.log"}, "LogUnwritable", f"{folder}/gone/x.log"),
        ({"argv": ["true"], "log": "/dev/null"}, "LogUnwritable", "/dev/null"),
        ({"argv": ["true"], "cgroup": [f"{folder}/gone"]}, "CgroupUnwritable", f"{folder}/gone"),
        ({"argv": ["true", "x" * 200_000]}, "ArgumentsTooLong", "true"),
    ]
    for options, code, named in cases:
        with pytest.raises(SpawnerRefused) as refused:
            await home.run(spawner, "u1", **options)
        assert refused.value.code == code, options
        assert named in refused.value.message
    assert await spawner.list() == []
    assert read_records(home.state) == {}
    assert stat.S_IMODE(Path("/dev/null").stat().st_mode) == 0o666
    await home.sh(spawner, "u1", "exit 0")
    assert (await home.ending(spawner, "u1")).ending.exit_code == 0
    await spawner.close()


async def test_a_log_that_is_a_link_is_not_followed(home):
    spawner = await home.open()
    (home.folder / "precious").write_text("keep")
    home.log("u1").symlink_to(home.folder / "precious")
    with pytest.raises(SpawnerRefused) as refused:
        await home.sh(spawner, "u1", "echo overwritten")
    assert refused.value.code == "LogUnwritable"
    assert (home.folder / "precious").read_text() == "keep"
    await spawner.close()


async def test_bad_requests_are_answered_and_the_spawner_lives(home):
    spawner = await home.open()
    channel = await Channel.connect(home.socket)
    for message in ({}, {"type": None}, {"type": ["x"]}, {"type": "spawn"}, {"type": "signal", "uid": 1}):
        await channel.send(message | {"id": 7})
        answer = await channel.receive()
        assert (answer["id"], answer["error"]["code"]) == (7, "BadRequest")
    await channel.send({"type": "signal", "uid": "nobody", "signal": 15})
    assert (await channel.receive())["error"]["code"] == "UnknownUid"
    channel.close()
    pid, protocol, children = await spawner.hello()
    assert (pid, protocol, children) == (home.pid, 1, [])
    await spawner.close()


async def test_a_running_replica_is_not_forgotten(home):
    spawner = await home.open()
    await home.sh(spawner, "u1", "sleep 60")
    with pytest.raises(SpawnerRefused) as refused:
        await spawner.forget("u1")
    assert refused.value.code == "StillRunning"
    await spawner.close()


async def test_a_second_spawner_for_the_project_says_who_serves_it(home):
    spawner = await home.open()
    arguments = [
        "--project",
        str(home.folder),
        "--socket",
        home.socket,
        "--state",
        str(home.folder / "other"),
    ]
    module = ["-m", "flaskship.engines.local.spawner"]
    second = await asyncio.create_subprocess_exec(
        sys.executable, *module, *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await second.communicate()
    assert second.returncode == 5
    assert b"another process answers" in complaint
    assert b"Traceback" not in complaint
    assert (await spawner.hello())[0] == home.pid
    await spawner.close()


@pytest.mark.parametrize(
    "arguments", [[], ["--project"], ["--project", "/p", "--socket", "s", "--stat", "d"]]
)
async def test_bad_usage_is_one_line(arguments):
    module = ["-m", "flaskship.engines.local.spawner"]
    spawner = await asyncio.create_subprocess_exec(
        sys.executable, *module, *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await spawner.communicate()
    assert (spawner.returncode, complaint.count(b"\n")) == (2, 1)


async def test_the_socket_is_private_and_stop_removes_it(home):
    spawner = await home.open()
    socket = home.folder / "s.sock"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert await spawner.stop() == 0
    assert await home.gone() == 0
    assert not socket.exists()
    await spawner.close()


async def test_stop_waits_for_the_last_child_and_starts_no_further_one(home):
    spawner = await home.open()
    await home.sh(spawner, "u1", "sleep 60")
    assert await spawner.stop() == 1
    with pytest.raises(SpawnerRefused) as refused:
        await home.sh(spawner, "u2", "exit 0")
    assert refused.value.code == "Stopping"
    await spawner.signal("u1", 15)
    await home.ending(spawner, "u1")
    assert await home.gone() == 0
    await spawner.close()


async def test_sigterm_is_stop_and_kills_no_replica(home):
    spawner = await home.open()
    record = await home.sh(spawner, "u1", "sleep 60")
    os.kill(home.pid, 15)
    refusal = None
    for number in itertools.count():
        try:
            await home.sh(spawner, f"n{number}", "exit 0")
        except SpawnerRefused as refused:
            refusal = refused.code
            break
    assert refusal == "Stopping"
    assert alive(home.identity(record))
    await spawner.signal("u1", 9)
    assert await home.gone() == 0
    await spawner.close()


async def test_a_forced_stop_ends_the_stubborn_and_those_that_left(home):
    spawner = await home.open()
    await home.sh(spawner, "gentle", "trap 'exit 0' TERM; echo set; while :; do sleep 0.05; done")
    await home.sh(spawner, "stubborn", "trap '' TERM; echo set; while :; do sleep 0.05; done")
    await home.sh(spawner, "leaver", "setsid sleep 60 & echo set")
    for uid in ("gentle", "stubborn", "leaver"):
        await home.said(uid, "set")
    await home.until(lambda: home.living("leaver"))
    await spawner.stop(force=True, grace=0.5)
    assert await home.gone() == 0
    records = read_records(home.state)
    assert records["gentle"].ending.exit_code == 0
    assert records["stubborn"].ending.signal == 9
    await home.until(lambda: not home.living("leaver") and not home.living("stubborn"))
    await spawner.close()


async def test_it_stays_tiny(home):
    spawner = await home.open()
    command = "import flaskship.engines.local.spawner.__main__, sys; print(*sys.modules)"
    importing = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, stdout=asyncio.subprocess.PIPE
    )
    loaded = set((await importing.communicate())[0].decode().split())
    heavy = {
        "asyncio",
        "dataclasses",
        "inspect",
        "logging",
        "argparse",
        "subprocess",
        "psutil",
        "click",
        "ruamel",
    }
    assert not loaded & heavy
    await spawner.close()


async def test_a_connection_that_goes_fails_its_caller_not_silently(home):
    spawner = await home.open()
    await home.kill()
    with pytest.raises(Exception, match=r"closed|gone|reset"):
        await spawner.list()
    assert [record async for record in spawner.endings()] == []
    await spawner.close()
    with pytest.raises(OSError, match=r"refused|No such file"):
        await Spawner.connect(home.socket, attempts=2)
