"""The end of a process in words."""

import signal

from flaskship.model.snapshot import Exit, KilledBy

MEANINGS = {
    2: "usually a wrong command line",
    3: "its own code; gunicorn's when its workers cannot boot",
    4: "its own code; gunicorn's when it cannot load the application",
    126: "found but not executable",
    127: "command not found",
}
CRASHES = frozenset({signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV})


def describe_exit(exit: Exit) -> str:
    """Return one phrase for an exit: the code with its meaning, or the signal and who sent it."""
    if exit.signal is not None:
        return _by_signal(exit.signal, exit.killed_by)
    if exit.code is None:
        return "ended with an unknown status"
    by = f" after it was stopped by the {exit.killed_by}" if exit.killed_by else ""
    return f"exit {exit.code}{_meaning(exit.code)}{by}"


def signal_name(number: int) -> str:
    """Return a name such as SIGKILL, or 'signal 99' for a number that has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _by_signal(number: int, by: KilledBy | None) -> str:
    name = signal_name(number)
    if number in CRASHES:
        return f"crashed with {name}"
    if by is None:
        return f"killed by {name}"
    if by is KilledBy.OUTSIDE:
        return f"killed by {name} from outside"
    return f"killed by {name}, sent by the {by}"


def _meaning(code: int) -> str:
    if code in MEANINGS:
        return f" ({MEANINGS[code]})"
    # Shells report a child that a signal ended as 128 + its number.
    if 128 < code < 128 + signal.NSIG:
        return f" ({signal_name(code - 128)})"
    return ""
