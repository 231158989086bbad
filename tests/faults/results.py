"""What each fault came to, one JSON line a fault: the report is written from these."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(os.environ.get("FAULT_RESULTS", "build/faults.jsonl"))


@dataclass(frozen=True)
class Seen:
    """What the user sees of a fault, and what it cost."""

    code: str
    """A cause code, an exit code, or `none` where the user notices nothing."""
    sentence: str
    seconds: float
    sent: int = 0
    lost: int = 0
    reminders: int = 0
    """Reminders that were acknowledged while it happened; reminders_lost of them were never delivered."""
    reminders_lost: int = 0


@dataclass(frozen=True)
class Line:
    fault: str
    title: str
    seen: Seen
    orphans: int = 0


@dataclass(frozen=True)
class Cut:
    """One kill at one step."""

    fault: str
    victim: str
    passed: bool
    sent: int = 0
    lost: int = 0


def record(line: Line | Cut) -> None:
    """Append; several workers may write at once."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a") as file:
        file.write(json.dumps(asdict(line)) + "\n")
