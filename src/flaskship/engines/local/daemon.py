"""Starts the supervisor of a project where none runs."""

import os
import subprocess
import sys

from flaskship.engines.local.paths import LocalPaths
from flaskship.model.errors import FlaskshipError, PreflightError

READY = "ready"


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


def start_supervisor(paths: LocalPaths) -> None:
    """Return once a supervisor answers; PreflightError with its own words when it could not start."""
    paths.create()
    reader, writer = os.pipe()
    try:
        launch(paths, "--ready", str(writer), pass_fds=(writer,))
    except OSError as error:
        os.close(reader)
        raise PreflightError(f"the supervisor could not be started: {error}") from error
    finally:
        os.close(writer)
    with os.fdopen(reader) as told:
        answer = told.read().strip()
    if answer == READY:
        return
    message, _, hint = answer.partition("\n")
    if not message:
        raise FlaskshipError("the supervisor ended as it started", hint=f"Its log: {paths.log('supervisor')}")
    raise PreflightError(message, hint=hint or None)
