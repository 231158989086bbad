"""Starts the supervisor of a project where none runs."""

import os
import subprocess
import sys

from flaskship.engines.local.paths import LocalPaths
from flaskship.model.errors import FlaskshipError, PreflightError

READY = "ready"


def start_supervisor(paths: LocalPaths) -> None:
    """Return once a supervisor answers; PreflightError with its own words when it could not start."""
    paths.create()
    reader, writer = os.pipe()
    log = os.open(paths.log("supervisor"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    command = [sys.executable, "-m", "flaskship.engines.local.supervisor"]
    command += ["--project", str(paths.project), "--ready", str(writer)]
    try:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(writer,),
            cwd="/",
        )
    except OSError as error:
        raise PreflightError(f"the supervisor could not be started: {error}") from error
    finally:
        os.close(writer)
        os.close(log)
    with os.fdopen(reader) as told:
        answer = told.read().strip()
    if answer == READY:
        return
    message, _, hint = answer.partition("\n")
    if not message:
        raise FlaskshipError("the supervisor ended as it started", hint=f"Its log: {paths.log('supervisor')}")
    raise PreflightError(message, hint=hint or None)
