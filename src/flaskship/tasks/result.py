"""What a story that moves an environment came to."""

from dataclasses import replace

from flaskship.engines.base import Ignored
from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome, Receipt, Verdict
from flaskship.tasks.follow import INTERRUPTED, TIMED_OUT
from flaskship.tasks.testing import NOT_WELL, Trials


@dataclass(frozen=True, slots=True)
class Move:
    """One revision applied and followed to its verdict."""

    revision: int
    verdict: Verdict
    receipt: Receipt | None = None
    receipt_reason: str | None = None
    snapshot: Snapshot | None = None
    tests: Trials = NOT_WELL
    unchecked: tuple[str, ...] = ()
    """What the engine could not look at, and why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A deploy, a rollback or an up: the move that was asked for, and the undo where it failed."""

    environment: str
    engine: str
    release: str
    previous: int | None
    move: Move
    rolled_back_to: int | None = None
    undo: Move | None = None
    not_undone: str | None = None
    interrupted: bool = False
    """Whether the user ended it before all that it does after a failure was done."""
    ignored: tuple[Ignored, ...] | None = None
    """What the engine does not give its meaning of what was asked for; None where nobody asked."""
    made_secrets: tuple[str, ...] = ()
    """NAME/KEY of the Secrets that nobody brought and this made up."""
    removed: tuple[str, ...] = ()
    """Tests that waited for a command that is gone, whose lock was taken over."""

    def asked_to_go_back(self, number: int) -> "Moved":
        """Return this as the result of a rollback to that revision, unless it was undone to another."""
        return self if self.undo is not None else replace(self, rolled_back_to=number)

    @property
    def successful(self) -> bool:
        """Tell whether what was asked for is what runs."""
        return self.move.verdict.outcome is Outcome.SUCCESSFUL

    @property
    def exit_code(self) -> int:
        """0 done, 70 where the user's timeout ended it, 130 where the user did, its way back too; else 1."""
        back = self.undo is not None and was_interrupted(self.undo.verdict)
        return 130 if self.interrupted or back else exit_code(self.move.verdict)


def exit_code(verdict: Verdict) -> int:
    """Return the exit code that tells a script of the verdict; unknown is no success."""
    if verdict.outcome is Outcome.SUCCESSFUL:
        return 0
    if was_interrupted(verdict):
        return 130
    return 70 if TIMED_OUT in {cause.code for cause in verdict.causes} else 1


def how_it_ended(verdict: Verdict) -> str:
    """Return what became of a revision that did not succeed: a time that ran out says nothing of failure."""
    if was_interrupted(verdict):
        return "was interrupted"
    return "timed out" if TIMED_OUT in {cause.code for cause in verdict.causes} else "failed"


def was_interrupted(verdict: Verdict) -> bool:
    """Tell whether the user ended it before it could be judged."""
    return any(cause.code == INTERRUPTED for cause in verdict.causes)
