"""Interruptions: the story tidies up, then the process ends as interrupted."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flaskship.cli.running import tell


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_story_tidy_up(number: signal.Signals) -> None:
    tidied = []

    async def story() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append(True)

    before = signal.getsignal(number)
    try:
        with pytest.raises(KeyboardInterrupt):
            tell(story())
    finally:
        signal.signal(number, before)
    assert tidied == [True]


def test_a_second_signal_ends_a_tidying_that_takes_too_long() -> None:
    async def story() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        tell(story())


def test_a_story_without_a_signal_returns_what_it_came_to() -> None:
    async def story() -> int:
        return 7

    assert tell(story()) == 7


def test_an_error_of_the_story_stays_that_error() -> None:
    async def story() -> None:
        raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        tell(story())


ATTACHED = """
import asyncio, sys, threading, os, signal
from pathlib import Path
from flaskship.cli.main import run
from flaskship.cli.output import Output
from tests.contract.world import Stage

stage = Stage(Path(sys.argv[1]))
seen = 0

class Interrupting(Output):
    def saw(self, snapshot):
        global seen
        seen += 1
        super().saw(snapshot)
        if seen == int(sys.argv[2]):
            os.kill(os.getpid(), getattr(signal, sys.argv[3]))

code = run(["up", "dev"], stage.world, Interrupting(sys.stdout, sys.stderr))
state = "running" if stage.state.of("dev").running else "stopped"
print(state, stage.state.holders, stage.engines[-1].closed)
sys.exit(code)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("after", [1, 2, 6])
def test_an_attached_up_that_is_interrupted_leaves_nothing_and_exits_130(
    after: int, number: str, tmp_path: Path
) -> None:
    root = Path(__file__).parents[3]
    said = subprocess.run(
        [sys.executable, "-c", ATTACHED, str(tmp_path), str(after), number],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=root,
        check=False,
    )
    assert said.returncode == 130, said.stderr
    assert said.stdout.splitlines()[-1] == "stopped {} True"
    assert "Traceback" not in said.stderr
    assert said.stderr.splitlines()[-1].startswith("error: interrupted")


def test_a_process_that_is_interrupted_before_any_story_exits_130() -> None:
    script = (
        "import os, signal, sys\n"
        "from flaskship import cli\n"
        "entry = cli.main\n"
        "import flaskship.cli.main as module\n"
        "def run(arguments):\n    os.kill(os.getpid(), signal.SIGTERM)\n    signal.pause()\n"
        "module.run = run\n"
        "entry()\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (said.returncode, said.stderr) == (130, b"")


AGAIN = """
import asyncio, atexit, os, signal, threading
from flaskship import cli
entry = cli.main
import flaskship.cli.main as module
from flaskship.cli.running import tell

number, tidied = signal.{number}, threading.Event()

def again():
    tidied.wait()
    os.kill(os.getpid(), number)

async def story():
    asyncio.get_running_loop().run_in_executor(None, again)
    try:
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()
    finally:
        tidied.set()

def run(arguments):
    try:
        tell(story())
    except KeyboardInterrupt:
        return 130

module.run = run
atexit.register(os.kill, os.getpid(), number)
entry()
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_that_come_again_and_again_end_with_130_and_no_traceback(number: str) -> None:
    script = AGAIN.replace("{number}", number)
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (130, b"", b"")


def test_a_signal_that_comes_when_all_is_done_changes_nothing() -> None:
    script = (
        "import atexit, os, signal\n"
        "from flaskship import cli\n"
        "entry = cli.main\n"
        "import flaskship.cli.main as module\n"
        "module.run = lambda arguments: 0\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        "entry()\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (said.returncode, said.stderr) == (0, b"")


def test_a_signal_while_the_interpreter_ends_does_not_kill_it() -> None:
    script = (
        "import os, signal, sys\n"
        "from flaskship import cli\n"
        "entry = cli.main\n"
        "import flaskship.cli.main as module\n"
        "class Last:\n"
        "    def __del__(self, kill=os.kill, pid=os.getpid()):\n"
        "        kill(pid, 2)\n"
        "sys.last = Last()\n"
        "module.run = lambda arguments: 130\n"
        "entry()\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (said.returncode, said.stderr) == (130, b"")
