"""The oldest Helm, Kubernetes and Terraform that we support, why, and what doctor makes of those here.

Flaskship itself needs none of the three on one machine, so a missing one is well; one that is there and too
old is not, because the chart and the modules would fail on it later and elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flaskship.tasks.machine import Check, Health, Met

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """The oldest version of a tool, and why no older one."""

    tool: str
    oldest: Numbers
    reason: str


HELM = Floor("Helm", (4, 0), "Helm 3 gets no corrections any more, and server-side apply is Helm 4's")
# Its engine compares each cluster with it; the documents state it from here.
KUBERNETES = Floor("Kubernetes", (1, 30), "the sleep of preStop needs no feature gate from there on")
TERRAFORM = Floor("Terraform", (1, 11), "from there on S3 locks a state by itself, without a table")
FLOORS = {"helm": HELM, "terraform": TERRAFORM}


def numbers(text: str) -> Numbers | None:
    """Return the numbers of a version such as v1.30.4-eks-0a1b2c3; None where it is none."""
    parts = text.strip().removeprefix("v").split("+")[0].split("-")[0].split(".")
    return tuple(map(int, parts)) if len(parts) > 1 and all(part.isdigit() for part in parts) else None


def check_floors(met: Iterable[Met]) -> tuple[Check, ...]:
    """Judge each version that was met against its floor."""
    return tuple(check_floor(one) for one in met)


def check_floor(met: Met) -> Check:
    """Judge one version: absent is well, unknown a warning, too old a failure where something needs it."""
    floor = FLOORS[met.tool]
    name = f"{met.tool} binary"
    if met.version is None:
        return Check(name, Health.WARNING if met.needed else Health.OK, met.answer, met.advice)
    found = numbers(met.version)
    if found is None:
        return Check(
            name,
            Health.WARNING,
            f"{floor.tool} says {met.version!r}, which is no version",
            f"see that it is {dotted(floor.oldest)} or later",
        )
    text = f"{floor.tool} {met.version.removeprefix('v')}"
    if found < floor.oldest:
        return Check(
            name,
            Health.FAILED if met.needed else Health.WARNING,
            f"{text} is too old: {floor.reason}",
            f"use {floor.tool} {dotted(floor.oldest)} or later",
        )
    return Check(name, Health.OK, text)


def dotted(version: Numbers) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))
