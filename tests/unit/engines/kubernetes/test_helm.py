"""The process that Helm writes in: a real one, without a cluster to write to."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from flaskship.engines.kubernetes import helm
from flaskship.engines.kubernetes.helm import Helm, HelmFailure, WriteUnansweredError

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: s3cret}}]
contexts: [{name: here, context: {cluster: c, user: u}}]
"""


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Another program in the place of ours."""
    (tmp_path / "stand_in.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(helm, "MODULE", "stand_in")


async def test_what_helm_says_comes_back_and_no_secret_with_it(kubeconfig: Path) -> None:
    with pytest.raises(HelmFailure) as refused:
        await Helm().run("here", "shop", "rollback", {"release": "dev-apps", "revision": 1, "max_history": 5})
    assert refused.value.kind.startswith("Helm")
    assert "127.0.0.1:1" in refused.value.detail
    assert "s3cret" not in refused.value.detail


async def test_the_child_is_called_helm_and_has_its_request_on_stdin_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child(
        monkeypatch,
        tmp_path,
        "import json, os, sys\n"
        "words = open('/proc/self/cmdline').read().split(chr(0)) if os.path.exists('/proc/self') else []\n"
        "given = json.load(sys.stdin)\n"
        "leader = os.getsid(0) == os.getpid()\n"
        "print(json.dumps({'ok': True, 'words': words, 'values': given['values'], 'leader': leader}))\n",
    )
    answer = await Helm().run("here", "shop", "apply", {"values": {"password": "s3cret"}})
    assert answer["values"] == {"password": "s3cret"}
    assert answer["leader"]
    if answer["words"]:
        assert Path(answer["words"][0]).name == "helm"
    assert not any("s3cret" in word for word in answer["words"])


async def test_a_child_without_an_answer_is_told_with_its_last_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child(monkeypatch, tmp_path, "import sys; sys.exit('cannot load the library')")
    with pytest.raises(
        WriteUnansweredError, match="ended with 1 and without an answer: cannot load"
    ) as ended:
        await Helm().run("here", "shop", "apply", {})
    assert not ended.value.killed


async def test_a_child_that_is_killed_is_no_missing_tool(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child(monkeypatch, tmp_path, "import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)")
    with pytest.raises(WriteUnansweredError, match="was ended by signal 9 before it answered") as ended:
        await Helm().run("here", "shop", "apply", {})
    assert ended.value.killed
    assert ended.value.exit_code == 1


async def test_a_child_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child(monkeypatch, tmp_path, "import time; time.sleep(600)")
    with pytest.raises(WriteUnansweredError, match="did not end within"):
        await Helm().run("here", "shop", "apply", {"patience": 0.5})


async def test_an_interruption_waits_for_what_helm_has_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun, done = tmp_path / "begun", tmp_path / "done"
    child(
        monkeypatch,
        tmp_path,
        "import pathlib, sys, time\n"
        f"sys.stdin.read(); pathlib.Path({str(begun)!r}).touch(); time.sleep(1)\n"
        f"pathlib.Path({str(done)!r}).touch()\n",
    )
    writing = asyncio.ensure_future(Helm().run("here", "shop", "apply", {}))
    while not begun.exists():
        await asyncio.sleep(0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert done.exists()


async def test_a_child_outlives_whoever_started_it(kubeconfig: Path, tmp_path: Path) -> None:
    """The signals of a terminal and a closed pipe do not reach what writes to the cluster."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "flaskship.chart.helm_child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    await asyncio.sleep(0.5)
    for number in (2, 15, 1):
        process.send_signal(number)
    process.stdin.write(b'{"connection": {"context": "here", "namespace": "x"}, "action": "uninstall", ')
    process.stdin.write(b'"release": "a", "timeout": 1}')
    process.stdin.close()
    assert process.stdout is not None
    assert b'"ok": false' in await process.stdout.read()
    assert await process.wait() == 0


async def test_a_child_whose_caller_is_gone_begins_nothing(kubeconfig: Path) -> None:
    with pytest.raises(HelmFailure, match="Orphaned"):
        await Helm().run("here", "shop", "apply", {"parent": 1})


async def test_a_child_is_loaded_before_its_request_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded = tmp_path / "loaded"
    child(
        monkeypatch,
        tmp_path,
        f"import json, os, pathlib, sys\npathlib.Path({str(loaded)!r}).write_text(str(os.getpid()))\n"
        "given = json.load(sys.stdin)\n"
        "print(json.dumps({'ok': True, 'pid': os.getpid(), 'asked': given['action']}))\n",
    )
    programs = Helm()
    programs.foresee("shop")
    programs.foresee("shop")
    while not (loaded.exists() and loaded.read_text()):
        await asyncio.sleep(0.02)
    foreseen = await programs.run("here", "shop", "apply", {})
    assert foreseen == {"ok": True, "pid": int(loaded.read_text()), "asked": "apply"}
    # The next one has a process of its own, as every request has.
    assert (await programs.run("here", "shop", "apply", {}))["pid"] != foreseen["pid"]
    await programs.close()


async def test_a_child_whose_request_never_comes_is_gone_with_us(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded = tmp_path / "loaded"
    child(
        monkeypatch,
        tmp_path,
        f"import os, pathlib, sys\npathlib.Path({str(loaded)!r}).write_text(str(os.getpid()))\n"
        "sys.stdin.read()\n",
    )
    programs = Helm()
    programs.foresee("shop")
    while not (loaded.exists() and loaded.read_text()):
        await asyncio.sleep(0.02)
    await programs.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(loaded.read_text()), 0)


async def test_a_child_that_is_asked_nothing_does_nothing() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "flaskship.chart.helm_child",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert await process.communicate() == (b"", b"")
    assert process.returncode == 0
