"""Whose end a cause tells: an initContainer has a program of its own."""

from dataclasses import replace

from flaskship.model.snapshot import Exit
from flaskship.model.verdict import Cause


def of_exit(exit: Exit, cause: Cause) -> Cause:
    """Return the cause with the initContainer whose end it tells; the application's own names none."""
    return replace(cause, container=exit.container) if exit.init else cause
