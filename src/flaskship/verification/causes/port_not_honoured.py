"""The application listens on another port or address than it was given.

On one machine each replica must listen on its own address: `$POD_IP:$PORT`. A replica that listens
elsewhere, or beyond loopback, is stopped. Let the command use the variables POD_IP and PORT.
"""

from flaskship.model.verdict import Cause
from flaskship.verification.rule import Ends
from flaskship.verification.subject import Subject

CODE = "PortNotHonoured"
ENDS = Ends.AT_ONCE
ADVICE = "Let it listen on $POD_IP:$PORT, or name the port in command or args."


def find(subject: Subject) -> Cause | None:
    """Find a replica that listens elsewhere."""
    return subject.from_problem(CODE, ADVICE, "command")
