"""What a rule is: a module with its documentation, its code and a pure function that finds its cause."""

from enum import StrEnum
from typing import Protocol

from flaskship.model.snapshot import WorkloadSnapshot
from flaskship.model.verdict import Cause
from flaskship.verification.subject import Subject


class Ends(StrEnum):
    """When a cause ends a rollout before its deadline; the value is a sentence for the reference."""

    AT_ONCE = "Ends a rollout at once, if the replica was never ready."
    AT_FIRST = (
        "Ends a rollout at the replica's first such kill; where a process of it alone was killed, at the "
        "replica's second failed exit."
    )
    AT_SECOND = "Ends a rollout at the replica's second failed exit."
    AT_THRESHOLD = "Ends a rollout at once, if the replica had been ready."
    AT_ITS_THRESHOLD = (
        "Ends a rollout at the probe's threshold, if the replica had been ready, if the answer is definite, "
        "or if the container's startup probe had succeeded and nothing else of the release still comes up; "
        "else at the workload's progress deadline."
    )
    WHEN_REFUSED = "Ends a rollout as soon as the cluster's word on the whole workload is final."
    AT_DEADLINE = "Ends a rollout at the workload's progress deadline."


class Rule(Protocol):
    """What every rule has; its module's docstring is its page in the reference."""

    __doc__: str | None
    __name__: str
    CODE: str
    ENDS: Ends


class ReplicaRule(Rule, Protocol):
    """A rule over one replica of the newest template that is not ready."""

    def find(self, subject: Subject, /) -> Cause | None:
        """Return the cause if this replica has it."""
        ...


class WorkloadRule(Rule, Protocol):
    """A rule over a whole workload none of whose replicas has a cause of its own."""

    def find(self, workload: WorkloadSnapshot, now: float, /) -> Cause | None:
        """Return the cause if this workload has it."""
        ...
