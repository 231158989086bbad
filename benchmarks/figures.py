"""Figures: rounds, their minimum, median and maximum, and whether a goal is met."""

import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Options:
    """How much to measure; tiny proves in seconds that a benchmark runs, and its figures mean nothing."""

    rounds: int = 7
    tiny: bool = False
    until: float = field(default=math.inf, compare=False)
    """When its share of the time is over, on the monotonic clock."""
    only: str = ""
    """The one part of a benchmark that is measured; all of them without it."""

    def each_round(self, what: str, most: int | None = None) -> Iterator[int]:
        """Yield the numbers of the rounds, told on stderr; once the time is over none begins but three."""
        rounds = min(self.rounds, most or self.rounds)
        for number in range(rounds):
            if number >= LEAST_ROUNDS and time.monotonic() > self.until:
                print(
                    f"{what}: its time is over after {number} of {rounds} rounds", file=sys.stderr, flush=True
                )
                return
            print(f"{what}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            yield number

    def pick(self, real: float, tiny: float) -> float:
        return tiny if self.tiny else real


@dataclass
class Series:
    """One side of a comparison: a value for each round."""

    name: str
    unit: str = "s"
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        low, middle, high = min(self.values), self.median, max(self.values)
        return f"{self.name:44} {low:9.3f} / {middle:9.3f} / {high:9.3f} {self.unit}"


@dataclass(frozen=True)
class Goal:
    """What was wanted and what came out."""

    sentence: str
    figure: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def __str__(self) -> str:
        relation = ">=" if self.at_least else "<="
        verdict = "met" if self.met else "MISSED"
        return f"{verdict:6}  {self.sentence}: {self.figure:.3f} ({relation} {self.limit:g})"


@dataclass
class Result:
    """What one benchmark came to."""

    name: str
    series: list[Series] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        lines = [f"== {self.name}"]
        if self.series:
            lines.append(f"{'':44} {'min':>9} / {'median':>9} / {'max':>9}")
        lines += [str(one) for one in self.series if one.values]
        lines += self.notes
        lines += [str(goal) for goal in self.goals]
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        series = [
            {"name": s.name, "unit": s.unit, "min": min(s.values), "median": s.median, "max": max(s.values)}
            | {"values": s.values}
            for s in self.series
            if s.values
        ]
        goals = [
            {"goal": g.sentence, "figure": g.figure, "limit": g.limit, "at_least": g.at_least, "met": g.met}
            for g in self.goals
        ]
        return {"name": self.name, "series": series, "goals": goals, "notes": self.notes}


def ratio(one: Series, other: Series) -> float:
    """Return the median of the ratios of each round: what disturbs a round disturbs both of its sides."""
    return statistics.median(a / b for a, b in zip(one.values, other.values, strict=True))
