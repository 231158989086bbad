"""What a rehearsal found, as frozen records."""

from dataclasses import field

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about the infrastructure, asked of the API and not of Terraform, and whether it holds."""

    stack: str
    says: str
    holds: bool
    seen: str = ""


@dataclass(frozen=True, slots=True)
class DriftFound:
    """A change behind Terraform's back, and whether the next plan names the resource."""

    stack: str
    change: str
    resource: str
    found: bool


@dataclass(frozen=True, slots=True)
class StackRun:
    """One stack: resources made, seconds by step, what a second plan still wanted to change."""

    stack: str
    resources: int = 0
    apply_seconds: float = 0.0
    plan_seconds: float = 0.0
    destroy_seconds: float = 0.0
    second_plan: tuple[str, ...] = ()
    destroyed: bool = False
    refused: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A part that the API server does not carry, and how it was checked instead."""

    part: str
    instead: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole rehearsal."""

    environment: str
    provider: str
    seconds: float
    stacks: tuple[StackRun, ...]
    facts: tuple[Fact, ...] = ()
    drift: tuple[DriftFound, ...] = ()
    doubled: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    instead: tuple[Checked, ...] = field(default=())
    left: tuple[str, ...] = ()
    """What the API still had after everything was destroyed."""

    @property
    def good(self) -> bool:
        """Whether everything was made, stayed as it was made, held, was noticed and is gone."""
        return (
            all(not run.errors and not run.second_plan and run.destroyed for run in self.stacks)
            and all(fact.holds for fact in self.facts)
            and all(one.found for one in self.drift)
            and not self.left
        )
