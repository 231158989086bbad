"""What this machine is like, asked once, and the words of doctor's judgement."""

from enum import StrEnum

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a part works, in its own words."""

    ok: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Port:
    """A port of this machine that an environment wants, and who listens on it now."""

    number: int
    environment: str
    service: str
    holder: str | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that an image asks for and the one that it gets."""

    repository: str
    asked: str | None = None
    version: str = ""
    stands_in: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that doctor judges."""

    python: tuple[int, int, int]
    helm: Asked
    uv: Asked
    free_disk: int
    ports: tuple[Port, ...] = ()
    contained: tuple[str, ...] = ()
    uncontained: tuple[str, ...] = ()
    interpreters: tuple[Interpreter, ...] = ()


@dataclass(frozen=True, slots=True)
class Met:
    """A tool that was asked for its version; without one, `answer` and `advice` say more."""

    tool: str
    version: str | None
    answer: str = ""
    needed: bool = False
    """Whether an environment cannot go on without it."""
    advice: str | None = None


class Health(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding about this machine, with what to do where it is not well."""

    name: str
    result: Health
    message: str
    advice: str | None = None
