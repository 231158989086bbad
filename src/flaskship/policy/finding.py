"""What check tells: a fault with its rule, its place in the values, and perhaps why it is accepted."""

from enum import StrEnum

from flaskship.model.frozen import dataclass
from flaskship.model.location import Location


class Severity(StrEnum):
    """How much a finding matters: errors and warnings fail a check, infos do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about one object of one environment."""

    rule: str
    severity: Severity
    environment: str
    object: str
    application: str | None
    message: str
    field: str = ""
    values: Location | None = None
    accepted: str | None = None
    """The reason, where somebody accepted it."""

    @property
    def fails(self) -> bool:
        """Whether it keeps a check from passing."""
        return self.accepted is None and self.severity is not Severity.INFO


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An entry of policy.accept: which findings somebody takes, and why."""

    rule: str
    reason: str
    application: str | None = None
    object: str | None = None
    """An object's id, such as Deployment/api; * stands for any text."""
    values: Location | None = None
