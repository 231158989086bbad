"""A machine that grants no further process: in words, with what to raise."""

import errno

from flaskship.model.errors import PreflightError

HINT = (
    "Raise `ulimit -u`, or pids.max of the control group around (a container's --pids-limit), or end others."
)


def shortage_of(error: BaseException, what: str) -> PreflightError | None:
    """Return the refusal for a fork or a thread that was not granted; None for any other error."""
    refused = isinstance(error, OSError) and error.errno == errno.EAGAIN
    if refused or (isinstance(error, RuntimeError) and "can't start new thread" in str(error)):
        return PreflightError(
            f"{what}: no further process or thread is granted, a limit on them is reached", hint=HINT
        )
    return None
