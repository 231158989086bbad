"""The command line: each command parses, calls one story and prints what it came to."""

import atexit
import gc
import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# A command loads much and drops little: looking for what it dropped was a twelfth of its processor time.
OBJECTS_BETWEEN_COLLECTIONS = 200_000

_ending = False


def main() -> None:
    """Run the command line and exit with its code; a signal while it ends already ends it at once."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    atexit.register(_ignore)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from flaskship.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    ending()
    # Nor is anything looked for that could be dropped: the process gives all of it back.
    gc.freeze()
    sys.exit(code)


def ending() -> None:
    """From now on a signal has nothing left to tidy up, and no place for a traceback."""
    global _ending  # noqa: PLW0603 (a process ends once)
    _ending = True


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    if _ending:
        os._exit(INTERRUPTED)
    ending()
    raise KeyboardInterrupt


def _ignore() -> None:
    # The interpreter takes handlers down before it has ended, and dies by what comes then: only this stays.
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
