"""The protocol of an engine; tests/contract drives every one of them through it."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from typing import ClassVar, Protocol, runtime_checkable

from flaskship.model.errors import LockedError, PreflightError
from flaskship.model.frozen import dataclass
from flaskship.model.release import Document, Event, LogLine, Release, Revision
from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Receipt, Verdict


@dataclass(frozen=True, slots=True)
class Restart:
    """Replace every replica of the workload by a new one, as a rolling update."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Move to this many replicas until the next deploy."""

    replicas: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the rollout where it is."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a paused rollout."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Go back to the template before the one that is being rolled out."""


Action = Restart | Scale | Pause | Resume | Abort


@dataclass(frozen=True, slots=True)
class Lock:
    """Proof of being the one writer of an environment."""

    environment: str
    token: str
    removed: tuple[str, ...] = ()
    """What of a holder that is gone was removed when its lock was taken over."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who wants a rollout that another command watches given up, and why; application: whose it is."""

    actor: str
    reason: str
    application: str


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that an environment needs where it runs; not needed: it is only worth knowing."""

    name: str
    met: bool
    message: str
    advice: str | None = None
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Ignored:
    """What changes nothing where it runs, and why: fields of workloads, kinds, or fields of a kind."""

    fields: tuple[str, ...]
    objects: tuple[str, ...]
    reason: str


@runtime_checkable
class HasBlindSpots(Protocol):
    """An engine that does not give every field its meaning."""

    def ignored(self, documents: Sequence[Document]) -> tuple[Ignored, ...]:
        """Return what it ignores of these objects, one entry for each reason."""
        ...


@runtime_checkable
class MakesSecrets(Protocol):
    """An engine that makes up the Secrets which nobody brings."""

    def made_secrets(self, environment: str) -> tuple[str, ...]:
        """Return NAME/KEY of each that it keeps; ConfigurationError where its file cannot be read."""
        ...


@runtime_checkable
class HasSurroundings(Protocol):
    """An engine that runs in something which may lack what a release needs."""

    async def surroundings(
        self, environment: str, documents: Iterable[Document], hooks: Iterable[Document] = ()
    ) -> tuple[Need, ...]:
        """Return what these objects and hooks need of it, met or not; nothing is changed."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """What one test of a release came to; log is the end of what it printed where it failed.

    One that could not be made at all did not run, and says nothing of the release.
    """

    name: str
    passed: bool
    message: str
    log: tuple[str, ...] = ()
    ran: bool = True


@runtime_checkable
class HasTests(Protocol):
    """An engine that runs the tests that a release brings along."""

    async def tests(self, environment: str) -> tuple[str, ...]:
        """Return the names of the newest revision's tests in the order in which they run."""
        ...

    async def test(
        self, environment: str, lock: Lock, waits: Callable[[str], None] = lambda _: None
    ) -> tuple[Trial, ...]:
        """Run them all, up to the first that fails; those behind it are not in the result.

        waits hears the name of each that somebody else is running, and that is waited for.
        """
        ...


@runtime_checkable
class PreparesTests(Protocol):
    """An engine whose tests take a moment to start, and can wait once they have."""

    def prepare_tests(self, environment: str) -> None:
        """Start those that can wait, because test will follow; conclude and close end what did not begin."""
        ...


@runtime_checkable
class Foresees(Protocol):
    """An engine whose writes need something that takes a moment to load."""

    def foresee(self, environment: str) -> None:
        """Load it now, because a write will follow; close lets go of it where none did."""
        ...


class Doing(Enum):
    """What a command is about to do, as far as it takes other permissions."""

    DEPLOY = auto()
    ABORT = auto()
    STEER = auto()
    """Restart and scale."""
    HOLD = auto()
    """Pause and resume, which take no lock."""
    REMOVE = auto()
    PURGE = auto()
    VERIFY = auto()
    JUDGE = auto()
    """Verify without the release's own tests."""


@runtime_checkable
class LooksAhead(Protocol):
    """An engine that asks its cluster whether a release would be taken before it applies it."""

    def look_ahead(self, release: Release) -> None:
        """Begin to ask, because the holder of the lock applies this very release next, and is told then."""
        ...


@runtime_checkable
class HasPermissions(Protocol):
    """An engine whose user may be allowed less than a command takes."""

    async def permit(
        self, environment: str, documents: Iterable[Document], doing: Doing = Doing.DEPLOY
    ) -> None:
        """Raise PreflightError for everything that is not allowed of what this takes with these objects.

        Without objects those of the newest revision are meant.
        """
        ...


@runtime_checkable
class TakesWithdrawals(Protocol):
    """An engine through which a command can ask the one that has the lock to give its rollout up."""

    async def withdraw(self, environment: str, wanted: Withdrawal) -> bool:
        """Ask whoever has the lock now, and tell whether anybody has it."""
        ...

    async def withdrawn(self, lock: Lock) -> Withdrawal:
        """Return once somebody asks the holder of this lock, that is us."""
        ...


@runtime_checkable
class Starts(Protocol):
    """An engine that does not run until it is needed."""

    def begin(self) -> None:
        """Let it start while the caller does something else; the next call tells what is in its way."""
        ...


@runtime_checkable
class LosesLocks(Protocol):
    """An engine whose locks somebody else can take while their holder lives: one that could not renew it."""

    async def lost(self, lock: Lock) -> LockedError:
        """Return once this lock is not ours any more: who has taken it."""
        ...


@runtime_checkable
class HasRemarks(Protocol):
    """An engine that looks before it writes, and may not be allowed to look everywhere."""

    def remarks(self) -> tuple[str, ...]:
        """Return what the last apply could not look at before it wrote; each is told once."""
        ...


class ForwardRefusedError(PreflightError):
    """The engine is not allowed to lend a Service an address; code is what scripts see."""

    code = "ForwardRefused"


@runtime_checkable
class HasForwards(Protocol):
    """An engine whose Services may have no address on this machine."""

    def forward(self, environment: str, service: str) -> AbstractAsyncContextManager[str]:
        """Give a Service a URL on this machine for as long as the block lasts."""
        ...


class Engine(Protocol):
    """Runs releases. Every method raises FlaskshipError for what a user can cause."""

    name: ClassVar[str]
    local_images: ClassVar[bool]
    """Whether it runs what this machine builds; else whoever deploys has built and pushed before."""

    async def acquire(self, environment: str, owner: str, timeout: float) -> Lock:
        """Return the environment's lock, waiting up to timeout seconds; LockedError names the holder."""
        ...

    async def release(self, lock: Lock) -> None:
        """Give the lock back; doing it twice is harmless."""
        ...

    async def apply(self, release: Release, lock: Lock) -> int:
        """Start moving to the release and return its revision number; PausedError where one is held."""
        ...

    async def conclude(
        self, environment: str, revision: int, verdict: Verdict, receipt: Receipt | None, lock: Lock
    ) -> None:
        """Record what the revision came to."""
        ...

    async def observe(self, environment: str) -> Snapshot:
        """Return everything at one instant; an environment never applied has no release."""
        ...

    def follow(self, environment: str) -> AsyncIterator[Snapshot]:
        """Yield a snapshot now and after every change, at least once a second, until the caller stops."""
        ...

    async def live(self, environment: str, documents: Iterable[Document]) -> tuple[Document, ...]:
        """Return those of the documents' objects that exist, as they are now; only identities are read.

        What an engine fills in by itself (defaults, status) is left out, so that the rest can be compared.
        Where others set fields after the release was applied, metadata.managedFields has the managers' names.
        """
        ...

    async def steer(self, environment: str, workload: str, action: Action, lock: Lock | None) -> None:
        """Carry the action out on one workload, or start to.

        Pause and resume need no lock: they hold and free the rollout of whoever has it.
        """
        ...

    def logs(
        self, environment: str, application: str | None, *, follow: bool = False, tail: int = 100
    ) -> AsyncIterator[LogLine]:
        """Yield the last lines of all replicas, then with follow the new ones across restarts."""
        ...

    async def events(self, environment: str) -> tuple[Event, ...]:
        """Return what happened, oldest first."""
        ...

    async def history(self, environment: str) -> tuple[Revision, ...]:
        """Return the revisions, oldest first."""
        ...

    async def recall(self, environment: str, revision: int) -> Release:
        """Return the release that a revision applied, exactly."""
        ...

    async def delete(self, environment: str, lock: Lock, *, purge: bool = False) -> None:
        """Stop everything of the environment; data stays unless purge."""
        ...

    async def close(self) -> None:
        """Let go of connections; what runs goes on."""
        ...
