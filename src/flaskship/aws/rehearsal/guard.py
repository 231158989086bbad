"""Runs one terraform and ends it, plug-ins too, when whoever asked for it is gone; standard library alone.

`guard.py FOLDER COMMAND...`: standard input is a pipe that nobody writes to. Its end is the end of whoever
holds the other side, however that came: a kill -9 leaves no handler time to run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command in a process group of its own and return its code, the group gone and reaped."""
    folder, *command = sys.argv[1:]
    asked: list[int] = []
    # Before the start: a signal in between must reach what is started.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: asked.append(number))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: _signal(child.pid, number))
    for early in asked:
        _signal(child.pid, early)
    ending = threading.Lock()
    threading.Thread(target=_end_with_asker, args=(child.pid, folder, ending), daemon=True).start()
    code = child.wait()
    # Held for good by a thread that is about to remove the folder and to end this process.
    ending.acquire()
    # Plug-ins live in the same group and may outlive their terraform.
    _signal(child.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _end_with_asker(group: int, folder: str, ending: threading.Lock) -> None:
    while os.read(0, 64):
        pass
    ending.acquire()
    _signal(group, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(137)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main())
