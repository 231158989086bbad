"""Running a story to its end or to the user's interruption, with nothing left behind."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from flaskship import cli

Told = TypeVar("Told")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _InterruptedStoryError(Exception):
    """The user ended the story, and it has tidied up."""


def tell(story: Coroutine[Any, Any, Told]) -> Told:
    """Run the story; a signal cancels it, lets it tidy up, and becomes KeyboardInterrupt."""
    try:
        return asyncio.run(_interruptible(story))
    except _InterruptedStoryError:
        raise KeyboardInterrupt from None


async def _interruptible(story: Coroutine[Any, Any, Told]) -> Told:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(story)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        cli.ending()
        task.cancel()

    before = {one: signal.getsignal(one) for one in STOPPING}
    handled = [one for one in STOPPING if before[one] is not signal.SIG_IGN]
    for one in handled:
        loop.add_signal_handler(one, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if interrupted:
            raise _InterruptedStoryError from None
        raise
    finally:
        for one in handled:
            loop.remove_signal_handler(one)
            # The loop leaves the system's own, which kills or prints a traceback while threads are awaited.
            signal.signal(one, before[one])
