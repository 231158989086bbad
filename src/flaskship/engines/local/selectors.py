"""Which labels a selector takes, as Kubernetes has it."""

from collections.abc import Mapping
from dataclasses import field

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One expression of a selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels meet it."""
        if self.operator == "Exists":
            return self.key in labels
        if self.operator == "DoesNotExist":
            return self.key not in labels
        inside = labels.get(self.key) in self.values
        return inside if self.operator == "In" else not inside


@dataclass(frozen=True, slots=True)
class Selector:
    """Labels and expressions that all have to be met."""

    labels: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Requirement, ...] = ()

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels meet the selector."""
        same = all(labels.get(key) == value for key, value in self.labels.items())
        return same and all(requirement.takes(labels) for requirement in self.requirements)
