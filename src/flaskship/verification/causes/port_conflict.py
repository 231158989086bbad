"""A port that is needed is already taken.

Another program, or another replica, listens on the address. The message names the holder where the system
tells it. Stop that program, or choose another port in the values.
"""

import re

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "PortConflict"
ENDS = Ends.AT_SECOND
ADVICE = "Stop what holds the port, or choose another one."
_IN_USE = re.compile(r"address already in use|connection in use:|EADDRINUSE", re.IGNORECASE)


def find(subject: Subject) -> Cause | None:
    """Find a port that the engine could not open, or a failed exit whose log says the address is in use."""
    if (known := subject.from_problem(CODE, ADVICE, "service.targetPort")) is not None:
        return known
    exit = subject.own_exit
    lines = tuple(line for line in exit.last_lines if _IN_USE.search(line)) if exit else ()
    if not lines:
        return None
    message = f"The application could not listen: {lines[-1].strip()}. {ADVICE}"
    return subject.cause(CODE, message, lines[-3:], "service.targetPort")
