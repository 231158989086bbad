"""Interruptions: the story tidies up, then the process ends as interrupted."""

import asyncio
import os
import signal

import pytest

from flaskship.cli.running import tell


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_story_tidy_up(number: signal.Signals) -> None:
    tidied = []

    async def story() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append(True)

    before = signal.getsignal(number)
    try:
        with pytest.raises(KeyboardInterrupt):
            tell(story())
    finally:
        signal.signal(number, before)
    assert tidied == [True]


def test_a_second_signal_ends_a_tidying_that_takes_too_long() -> None:
    async def story() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        tell(story())


def test_a_story_without_a_signal_returns_what_it_came_to() -> None:
    async def story() -> int:
        return 7

    assert tell(story()) == 7


def test_an_error_of_the_story_stays_that_error() -> None:
    async def story() -> None:
        raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        tell(story())
