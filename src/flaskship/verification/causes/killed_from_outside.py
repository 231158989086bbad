"""Something killed the process with a signal that the engine did not send.

A person, another program, or the system's own out-of-memory killer may have sent it; that the program sent
it to itself cannot be told from that. Look into the system's log (`journalctl -k`, `dmesg`) for that moment.
"""

import signal

from flaskship.model.exit import signal_name
from flaskship.model.snapshot import KilledBy
from flaskship.model.verdict import Cause
from flaskship.verification.evidence import tail
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "KilledFromOutside"
ENDS = Ends.AT_SECOND
# A process gets SIGSEGV and its like for what it did itself.
SENT_BY_OTHERS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})


def find(subject: Subject) -> Cause | None:
    """Find a failed exit by a signal that nobody here sent."""
    exit = subject.own_exit
    if exit is None or exit.killed_by not in (KilledBy.OUTSIDE, None) or exit.signal not in SENT_BY_OTHERS:
        return None
    message = (
        f"{exit.container} was killed by {signal_name(exit.signal)} from outside, not by "
        "the engine. The system's log at that moment may name who did it."
    )
    return subject.cause(CODE, message, tail(exit.last_lines))
