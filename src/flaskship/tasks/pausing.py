"""What is held by a pause, and the command that frees it."""

from flaskship.engines.base import Engine, HasOptions
from flaskship.model.errors import PausedError
from flaskship.model.snapshot import Snapshot

STEPPED = "Rollout"
"""The kind that pauses by itself between its steps, most of them only for a while."""


def options_of(engine: Engine) -> str:
    """Return what a command line says to mean this engine, with a space before it; empty where nothing."""
    return engine.options() if isinstance(engine, HasOptions) else ""


def paused_lines(engine: Engine, snapshot: Snapshot) -> dict[str, str]:
    """Return, by application, the sentence on each workload that waits for somebody to resume it."""
    options = options_of(engine)
    return {
        one.application: f"{one.application} is paused: "
        f"flaskship resume {snapshot.environment} {one.application}{options}"
        for one in snapshot.workloads
        if one.paused and not one.complete and one.kind != STEPPED
    }


def refuse_paused(engine: Engine, snapshot: Snapshot, application: str | None) -> None:
    """Raise PausedError where a pause would hold what is to be done to the application, or to all."""
    options = options_of(engine)
    held = [
        one.application
        for one in snapshot.workloads
        if one.paused and one.kind != STEPPED and application in (None, one.application)
    ]
    if held:
        raise PausedError(
            f"{', '.join(held)} of {snapshot.environment} {'is' if len(held) == 1 else 'are'} paused: "
            "nothing would be replaced",
            hint="; ".join(f"flaskship resume {snapshot.environment} {one}{options}" for one in held),
        )
