"""Starts the supervisor of a project where none runs."""

import os
import select
import socket
import subprocess
import sys

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.identity import commands_of_mine, is_stopped
from flaskship.engines.local.shortage import shortage_of
from flaskship.model.errors import FlaskshipError, PreflightError, UnresponsiveError

READY = "ready"
PACKAGE = "flaskship.engines.local."
LOOK_SECONDS = 1.0
START_SECONDS = 60.0
"""A crowded machine needs a few; beyond, the supervisor waits for something that does not come."""


def launch(paths: LocalPaths, *options: str, pass_fds: tuple[int, ...] = ()) -> "subprocess.Popen[bytes]":
    """Start a supervisor in a session of its own; what it says goes to its log. OSError as it is."""
    log = os.open(paths.log("supervisor"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flaskship.engines.local.supervisor",
                "--project",
                str(paths.project),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=pass_fds,
            cwd="/",
        )
    finally:
        os.close(log)


def answers(paths: LocalPaths) -> bool:
    """Tell whether a supervisor takes connections."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.setblocking(False)
        try:
            door.connect(str(paths.socket("supervisor")))
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def start_supervisor(paths: LocalPaths) -> None:
    """Return once a supervisor answers; its own error, of its kind, when it could not start."""
    paths.create()
    reader, writer = os.pipe()
    try:
        launch(paths, "--ready", str(writer), pass_fds=(writer,))
    except OSError as error:
        os.close(reader)
        what = "the supervisor could not be started"
        raise (shortage_of(error, what) or PreflightError(f"{what}: {error}")) from error
    finally:
        os.close(writer)
    answer = _answer(reader, paths)
    if answer == READY:
        return
    raise _refusal(answer, paths)


def _refusal(answer: str, paths: LocalPaths) -> FlaskshipError:
    import json

    from flaskship.engines.local.rpc import revive

    try:
        return revive(json.loads(answer))
    except ValueError:
        # It died before it could say all of it.
        return FlaskshipError(
            "the supervisor ended as it started", hint=f"Its log: {paths.log('supervisor')}"
        )


def daemons(paths: LocalPaths) -> dict[str, int]:
    """Return the living processes of the project's engine, by what they are."""
    project, found = str(paths.project), {}
    for pid, words in commands_of_mine():
        role = next((word.removeprefix(PACKAGE) for word in words if word.startswith(PACKAGE)), None)
        if role is not None and project in words:
            found[role] = pid
    return found


def _answer(reader: int, paths: LocalPaths) -> str:
    """Return what a new supervisor says of its start; UnresponsiveError where another one holds it up."""
    waited = 0.0
    with os.fdopen(reader) as told:
        while not select.select([told], [], [], LOOK_SECONDS)[0]:
            waited += LOOK_SECONDS
            stopped = [(role, pid) for role, pid in daemons(paths).items() if is_stopped(pid)]
            if stopped:
                role, pid = stopped[0]
                raise UnresponsiveError(
                    f"the {role} (pid {pid}) is stopped, and a new supervisor waits for it",
                    hint=f"Let it go on: kill -CONT {pid}. Or end it: kill -9 {pid}; it is started again.",
                )
            if waited >= START_SECONDS:
                raise UnresponsiveError(
                    f"the supervisor has not come up within {START_SECONDS:g} s",
                    hint=f"Its log: {paths.log('supervisor')}",
                )
        return told.read().strip()
