"""How far a terraform is, told from its own messages."""

import contextlib
import json
from typing import Protocol

WIDTH = 20
EVERY = 10


class Told(Protocol):
    """Whoever is told."""

    def step(self, message: str) -> None:
        """Hear one line."""


class Progress:
    """Counts what a terraform has done of what it planned, and tells it in tenths."""

    def __init__(self, stack: str, told: Told) -> None:
        self._stack, self._told = stack, told
        self._planned = self._done = self._tenths = 0

    def hear(self, line: str) -> None:
        """Take one line of terraform's JSON; other lines say nothing."""
        with contextlib.suppress(ValueError):
            message = json.loads(line)
            kind = message.get("type") if isinstance(message, dict) else None
            action = message.get("hook", {}).get("action", "") if kind == "apply_complete" else ""
            if kind == "planned_change":
                # What is only read is no step.
                self._planned += message.get("change", {}).get("action") not in {"read", "noop", "no-op"}
            elif kind == "apply_complete" and action != "read":
                self._done += 1
                self._tell(action)

    def _tell(self, action: str) -> None:
        tenths = self._done * EVERY // max(self._planned, 1)
        if tenths > self._tenths:
            self._tenths = tenths
            filled = min(self._done * WIDTH // max(self._planned, 1), WIDTH)
            bar = "#" * filled + "." * (WIDTH - filled)
            self._told.step(f"{self._stack:<9} [{bar}] {self._done}/{self._planned} {action}")
