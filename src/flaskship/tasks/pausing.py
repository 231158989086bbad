"""What is held by a pause, and the command that frees it."""

from flaskship.model.errors import PausedError
from flaskship.model.named import Named
from flaskship.model.snapshot import Snapshot

STEPPED = "Rollout"
"""The kind that pauses by itself between its steps, most of them only for a while."""


def paused_lines(named: Named, snapshot: Snapshot) -> dict[str, str]:
    """Return, by application, the sentence on each workload that waits for somebody to resume it."""
    return {
        one.application: f"{one.application} is paused: "
        f"{named.command('resume', snapshot.environment, one.application)}"
        for one in snapshot.workloads
        if one.paused and not one.complete and one.kind != STEPPED
    }


def refuse_paused(named: Named, snapshot: Snapshot, application: str | None) -> None:
    """Raise PausedError where a pause would hold what is to be done to the application, or to all."""
    held = [
        one.application
        for one in snapshot.workloads
        if one.paused and one.kind != STEPPED and application in (None, one.application)
    ]
    if held:
        raise PausedError(
            f"{', '.join(held)} of {snapshot.environment} {'is' if len(held) == 1 else 'are'} paused: "
            "nothing would be replaced",
            hint="; ".join(named.command("resume", snapshot.environment, one) for one in held),
        )
