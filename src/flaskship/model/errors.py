"""What a user can cause, each kind with the exit code that scripts rely on."""

from typing import ClassVar

from flaskship.model.frozen import dataclass
from flaskship.model.location import Location


@dataclass(frozen=True, slots=True)
class About:
    """The object of the manifests that an error is about, and its field, for whoever knows what set them."""

    kind: str
    name: str
    field: str = ""
    path: str = ""
    """Where its manifest is wrong, for an error that knows no field of the values."""


class FlaskshipError(Exception):
    """What happened, where, and what to do next; never shown as a traceback."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "Failed"

    def __init__(
        self,
        message: str,
        *,
        location: Location | None = None,
        hint: str | None = None,
        about: About | None = None,
        parts: "tuple[FlaskshipError, ...]" = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.hint = hint
        self.about = about
        self.parts = parts
        """Where several things are refused at once: each, with what it is about. The message lists them."""

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        then = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.message}{then}"


class DeployError(FlaskshipError):
    """A deploy, a verification or a rollout failed."""

    code = "DeployFailed"


class ConfigurationError(FlaskshipError):
    """Bad usage, flaskship.yaml, values, chart or Dockerfile: nothing was changed."""

    exit_code = 2
    code = "ConfigurationInvalid"


class ImageUnknownError(ConfigurationError):
    """The manifests name an image, and flaskship.yaml does not say how to make it."""

    code = "ImageUnknown"


class SecretMissingError(ConfigurationError):
    """A Secret is read whole that no manifest brings: which keys it has only a person can say."""

    code = "SecretMissing"


class KeyMissingError(ConfigurationError):
    """A key of a Secret belongs to something outside of this machine: only a person can fill it in."""

    code = "KeyMissing"


class PreflightError(FlaskshipError):
    """A tool, a permission, a port or a cluster is missing: nothing was changed."""

    exit_code = 4
    code = "PreflightFailed"


class PortConflictError(PreflightError):
    """A port that a Service or the Ingress needs on this machine is taken, and who has it is told."""

    code = "PortConflict"


class PausedError(PreflightError):
    """A workload is paused, so that nothing would move it: nothing was changed."""

    code = "Paused"


class NoSpaceError(PreflightError):
    """The disk is full."""

    code = "NoSpace"


class UnresponsiveError(PreflightError):
    """A process of ours lives and answers nothing: stopped, or hung; what it runs may go on."""

    code = "Unresponsive"


class StateDamagedError(PreflightError):
    """The engine's own state file cannot be read any more; it is kept, and nothing that runs is disturbed."""

    code = "StateDamaged"


class LockedError(FlaskshipError):
    """Somebody else writes to this environment."""

    exit_code = 5
    code = "Locked"


class TwoWritersError(FlaskshipError):
    """The environment belongs to another writer: nothing was changed."""

    exit_code = 5
    code = "TwoWriters"


class TimedOutError(FlaskshipError):
    """The user's --timeout ran out before a verdict."""

    exit_code = 70
    code = "TimedOut"
