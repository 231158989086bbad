"""The lines that show a cause, and no others."""

from flaskship.model.snapshot import ProbeFailure
from flaskship.verification.traceback import isolate_traceback

LAST_LINES = 10
UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def tail(lines: tuple[str, ...], count: int = LAST_LINES) -> tuple[str, ...]:
    """Return the last lines that are not empty."""
    return tuple(line for line in lines if line.strip())[-count:]


def traceback_or_tail(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the traceback in these lines, or their end where there is none."""
    return isolate_traceback(lines) or tail(lines)


def asked_and_answered(probe: ProbeFailure | None) -> tuple[str, ...]:
    """Return a probe's request and its answer as lines."""
    if probe is None:
        return ()
    return (probe.request, *tail(tuple(probe.answer.splitlines()), 20))


def first_line(answer: str) -> str:
    """Return as much of an answer as a message has room for."""
    line = answer.partition("\n")[0]
    return line if len(line) <= 200 else line[:200] + "..."


def size(count: int) -> str:
    """Return bytes as Kubernetes writes them, such as 128 MiB."""
    for unit, name in UNITS:
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} bytes"
