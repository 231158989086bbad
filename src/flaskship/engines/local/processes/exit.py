"""The end of a process in words; pure, for messages and causes."""

import signal
from dataclasses import dataclass
from enum import StrEnum


class Killer(StrEnum):
    """Who sent the signal that ended a process, as far as it is known."""

    US = "us"
    GRACE_OVER = "grace-over"
    MEMORY_LIMIT = "memory-limit"
    WATCHDOG = "watchdog"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """An exit code or a signal; neither means that nobody collected the status (ExitUnknown)."""

    exit_code: int | None = None
    signal: int | None = None
    core: bool = False

    @property
    def unknown(self) -> bool:
        """Whether the status was lost."""
        return self.exit_code is None and self.signal is None

    @property
    def code(self) -> int | None:
        """The exit code as a shell and Kubernetes show it: 128 + the signal."""
        return self.exit_code if self.signal is None else 128 + self.signal


_CODES = {
    0: "exited with 0: it finished without an error",
    1: "exited with 1: a general error, its log says which",
    2: "exited with 2: usually a wrong command line",
    3: "exited with 3: its own code (gunicorn: its workers could not boot)",
    4: "exited with 4: its own code (gunicorn: the application could not be loaded)",
    126: "exited with 126: the command was found but is not executable",
    127: "exited with 127: a command was not found",
}
_KILLERS = {
    Killer.US: "stopped by Flaskship",
    Killer.GRACE_OVER: "killed by Flaskship when its grace period was over",
    Killer.MEMORY_LIMIT: "killed by the kernel at its memory limit (OOMKilled)",
    Killer.WATCHDOG: "killed by Flaskship's memory watchdog at its memory limit (OOMKilled)",
    Killer.OUTSIDE: "killed from outside: neither Flaskship nor its memory limit did it",
}


def describe_exit(status: ExitStatus, killer: Killer | None = None) -> str:
    """Return one phrase: the code or signal, what it means, and who caused it."""
    if status.unknown:
        return "ended unseen: nobody was there to collect its exit status (ExitUnknown)"
    number = status.signal
    if number is None and status.exit_code is not None and _is_signal(status.exit_code - 128):
        number = status.exit_code - 128
    if number is None:
        return _CODES.get(status.exit_code or 0, f"exited with {status.exit_code}: its own code")
    name = signal.Signals(number).name if _is_signal(number) else f"signal {number}"
    shown = f"ended by {name} ({128 + number})"
    if status.signal is None:
        shown = f"exited with {status.exit_code}: 128 + {name}, so a process of it was ended by {name}"
    who = _KILLERS[killer] if killer is not None else _unattributed(number)
    core = "; it dumped core" if status.core else ""
    return f"{shown}, {who}{core}" if who else f"{shown}{core}"


def _unattributed(number: int) -> str:
    if number == signal.SIGKILL:
        return _KILLERS[Killer.OUTSIDE]
    if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
        return "a crash in native code or an abort"
    if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        return "asked to stop from outside"
    return ""


def _is_signal(number: int) -> bool:
    return number in signal.valid_signals() and number in set(signal.Signals)
