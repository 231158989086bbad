"""A port that is needed is already taken.

Another program, or another replica, listens on the address. The message names the address where the log does,
and the holder where the system tells it. Stop that program, or choose another port in the values: the line is
that of `command` or `args` where these say where to listen.
"""

import re
from collections.abc import Sequence

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "PortConflict"
ENDS = Ends.AT_SECOND
FIELD = "service.targetPort"
ADVICE = "Stop what holds the port, or choose another one."
_HOST = r"\d+(?:\.\d+){3}|\[[0-9a-f:.]+\]"
_ADDRESS = re.compile(
    rf"(?<![\w.:])(?P<host>{_HOST}|::[0-9a-f:]*):(?P<port>\d{{1,5}})(?!\d|[:.]\d)"
    r"|\('(?P<host2>[^']+)', (?P<port2>\d{1,5})\)"
)
_IN_USE = re.compile(r"address already in use|connection in use:|EADDRINUSE", re.IGNORECASE)


def find(subject: Subject) -> Cause | None:
    """Find a port that the engine could not open, or a failed exit whose log says the address is in use."""
    if (known := subject.from_problem(CODE, ADVICE, FIELD)) is not None:
        return known
    exit = subject.own_exit
    lines = tuple(line for line in exit.last_lines if _IN_USE.search(line)) if exit else ()
    if not lines:
        return None
    address = _address(lines)
    message = f"The application could not listen{address and f' on {address}'}: {lines[-1].strip()}. {ADVICE}"
    return subject.cause(CODE, message, lines[-3:], FIELD)


def _address(lines: Sequence[str]) -> str:
    """The address and port that the log names, empty where it names none."""
    named = next((found for line in reversed(lines) if (found := _ADDRESS.search(line)) is not None), None)
    if named is None:
        return ""
    host, port = named["host"] or named["host2"], named["port"] or named["port2"]
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
