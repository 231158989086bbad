"""Every durable transition of the local engine has a name here; the crash tests cut before and after it.

A step is written as `@step("save_replica")` on a method, or as `SPAWN = step("spawn")` in a module and
`with SPAWN:` around a call, so that importing the module registers it. In production it costs one comparison.

The crash tests' hook, which does nothing unless FLASKSHIP_FAULTS=1 stands in the environment too:
FLASKSHIP_FAULT=<step>:<before|after>:<supervisor|router|spawner|cli>[:<nth>] kills (SIGKILL) that process
when the supervisor reaches the step for the nth time (1 unless told). A supervisor reads both once, as it
starts, and takes them out of its environment, so that no other process inherits them. With FLASKSHIP_FAULTS
alone every step that is reached is written to the supervisor's log as `step NAME`.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, MutableMapping
from contextlib import ContextDecorator
from typing import ClassVar

from flaskship.engines.local.processes import proc
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass

ALLOWED, FAULT = "FLASKSHIP_FAULTS", "FLASKSHIP_FAULT"
SIDES = ("before", "after")
VICTIMS = ("supervisor", "router", "spawner", "cli")
DEATH_SECONDS = 2.0

_known: dict[str, "step"] = {}


class step(ContextDecorator):
    """One named durable transition, as a decorator or a context; a failed transition has no `after`."""

    reached: ClassVar[Callable[[str, str], None] | None] = None

    def __init__(self, name: str) -> None:
        self.name = name
        _known.setdefault(name, self)

    def __enter__(self) -> None:
        if step.reached is not None:
            step.reached(self.name, "before")

    def __exit__(self, kind: object, *_: object) -> None:
        if step.reached is not None and kind is None:
            step.reached(self.name, "after")


def names() -> tuple[str, ...]:
    """Return every step of the modules that are imported."""
    return tuple(sorted(_known))


@dataclass(frozen=True, slots=True)
class Fault:
    """Which process dies at which moment."""

    step: str
    side: str
    victim: str
    nth: int = 1


def parse(text: str) -> Fault:
    """Return the fault of FLASKSHIP_FAULT; ConfigurationError says how one is written."""
    name, *rest = text.split(":")
    if (
        len(rest) in (2, 3)
        and name in _known
        and rest[0] in SIDES
        and rest[1] in VICTIMS
        and (len(rest) == 2 or (rest[2].isdigit() and int(rest[2]) > 0))
    ):
        return Fault(name, rest[0], rest[1], int(rest[2]) if len(rest) == 3 else 1)
    raise ConfigurationError(
        f"{FAULT}={text} is no fault of this version",
        hint=f"Write STEP:{'|'.join(SIDES)}:{'|'.join(VICTIMS)}[:NTH] with a step of {', '.join(names())}.",
    )


def arm(environ: MutableMapping[str, str], project: str, writer: Callable[[], int | None]) -> None:
    """Take the hook's variables out of the environment and obey them; `writer` is the command's pid."""
    allowed, text = environ.pop(ALLOWED, ""), environ.pop(FAULT, "")
    if allowed != "1":
        return
    fault = parse(text) if text else None
    sys.stderr.write(f"armed {text}\n")
    seen = 0

    def reached(name: str, side: str) -> None:
        nonlocal fault, seen
        if side == "before":
            sys.stderr.write(f"step {name}\n")
            sys.stderr.flush()
        if fault is None or (name, side) != (fault.step, fault.side):
            return
        seen += 1
        if seen == fault.nth:
            victim, fault = fault.victim, None
            _kill(victim, project, writer)

    step.reached = reached


def disarm() -> None:
    """Reach steps silently again."""
    step.reached = None


def _kill(victim: str, project: str, writer: Callable[[], int | None]) -> None:
    sys.stderr.write(f"fault kills {victim}\n")
    sys.stderr.flush()
    if victim == "supervisor":
        os.kill(os.getpid(), signal.SIGKILL)
    pid = writer() if victim == "cli" else _daemon(victim, project)
    if pid is None:
        return
    os.kill(pid, signal.SIGKILL)
    # What follows must find it dead: a signal is delivered a moment after it was sent.
    until = time.monotonic() + DEATH_SECONDS
    while time.monotonic() < until and (stat := proc.read_stat(pid)) is not None and not stat.ended:
        time.sleep(0.001)


def _daemon(role: str, project: str) -> int | None:
    wanted = (f"flaskship.engines.local.{role}".encode(), os.fsencode(project))
    for pid in proc.own_pids():
        try:
            words = (proc.PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if all(word in words for word in wanted):
            return pid
    return None
