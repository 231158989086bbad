"""Finds the program of a command, and says precisely why it cannot run."""

import errno
import os
import stat
from pathlib import Path

from flaskship.engines.local.spawner.refusal import Refused

_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


def find_program(name: str, path: str | None, cwd: str) -> str:
    """Return the file that `name` means in cwd with this PATH; Refused where there is none to run."""
    if "/" in name:
        _require_runnable(Path(cwd, name), name)
        return name
    places = (_DEFAULT_PATH if path is None else path).split(":")
    blocked: Refused | None = None
    for place in places:
        candidate = Path(cwd, place, name)
        try:
            _require_runnable(candidate, str(candidate))
        except Refused as refused:
            if refused.code != "NotFound" and blocked is None:
                blocked = refused
            continue
        return str(candidate)
    if blocked is not None:
        raise blocked
    raise Refused("NotFound", f"{name!r} was not found on PATH ({':'.join(places)})")


def explain_exec(program: str, cwd: str, number: int) -> Refused:
    """Return what an execve error means for this program, with the interpreter of a script named."""
    file = Path(cwd, program)
    interpreter = script_interpreter(file)
    if number == errno.ENOENT and file.exists():
        what = f"the interpreter {interpreter!r}" if interpreter else "the loader or a library that it names"
        return Refused("BadInterpreter", f"{program} cannot run: {what} does not exist")
    if number in (errno.EACCES, errno.ENOEXEC, errno.ELOOP) and interpreter:
        return Refused(
            "BadInterpreter", f"{program} cannot run: {interpreter!r} is not a program to run it with"
        )
    known = {
        errno.ENOENT: ("NotFound", "was not found"),
        errno.EACCES: ("PermissionDenied", "may not be executed (mode, or a file system mounted noexec)"),
        errno.EPERM: ("PermissionDenied", "may not be executed"),
        errno.ENOEXEC: (
            "NotExecutable",
            "is neither a program for this machine nor a script that starts with #!",
        ),
        errno.ETXTBSY: ("TextFileBusy", "is still open for writing"),
        errno.E2BIG: ("ArgumentsTooLong", "has more arguments and environment than the system takes"),
        errno.EAGAIN: ("OutOfProcesses", "was refused: this user has as many processes as it may have"),
        errno.ENOMEM: ("OutOfMemory", "was refused: the machine has no memory left"),
    }
    code, sentence = known.get(number, ("ExecFailed", f"could not be started: {os.strerror(number)}"))
    return Refused(code, f"{program} {sentence}")


def script_interpreter(file: Path) -> str | None:
    """Return what the first line of a script names after #!, None for anything else."""
    try:
        with file.open("rb") as opened:
            head = opened.read(256)
    except OSError:
        return None
    if not head.startswith(b"#!"):
        return None
    words = head[2:].split(b"\n", 1)[0].split()
    return os.fsdecode(words[0]) if words else ""


def _require_runnable(file: Path, shown: str) -> None:
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise Refused("NotFound", f"{shown} was not found") from None
    except OSError as error:
        raise Refused("PermissionDenied", f"{shown} cannot be reached: {error.strerror}") from None
    if stat.S_ISDIR(mode):
        raise Refused("NotExecutable", f"{shown} is a folder, not a program")
    if not os.access(file, os.X_OK):
        raise Refused("PermissionDenied", f"{shown} may not be executed: its mode has no x for this user")
