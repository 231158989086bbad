"""What can be told of a project where nothing runs, without waking any process."""

from flaskship.engines.local.paths import LocalPaths
from flaskship.engines.local.processes.identity import ProcessIdentity, alive
from flaskship.engines.local.recorded import recorded_workloads
from flaskship.engines.local.spawner.records import read_records
from flaskship.engines.local.state import Intent, State
from flaskship.engines.local.state_file import has_run
from flaskship.model.release import Event, Release, Revision
from flaskship.model.snapshot import Phase, ReleaseState, Snapshot

ENGINE = "local"


class Resting:
    """Answers from the state file of a project whose supervisor has ended; use it as a context."""

    def __init__(self, paths: LocalPaths) -> None:
        self._exits = paths.exits
        known = paths.database.exists() or has_run(paths.database)
        self._state = State(paths.database) if known else None

    def __enter__(self) -> "Resting":
        return self

    def __exit__(self, *_: object) -> None:
        if self._state is not None:
            self._state.close()

    @property
    def quiet(self) -> bool:
        """Tell whether nothing should run, and nothing of an earlier run is left to end."""
        intents = self._state.intents() if self._state else ()
        if self._state and any(i.running or self._state.replicas(i.environment) for i in intents):
            return False
        # A state that was lost knows nothing of what runs; the spawner wrote it down, too.
        records = read_records(self._exits).values()
        return not any(alive(ProcessIdentity(r.pid, r.start_time, r.boot_id)) for r in records)

    def environments(self) -> dict[str, bool]:
        """Return every environment that has run here, and whether it is meant to run now."""
        return {i.environment: i.running for i in self._state.intents()} if self._state else {}

    def observe(self, environment: str, at: float) -> Snapshot:
        """Return the snapshot of an environment that does not run."""
        intent = self._state.intent(environment) if self._state else None
        return stopped(self._state, environment, intent, at)

    def recorded(self, environment: str, at: float) -> Snapshot:
        """Return what was recorded last of an environment that may run: which processes live is looked up."""
        intent = self._state.intent(environment) if self._state else None
        if self._state is None or intent is None or not intent.running:
            return stopped(self._state, environment, intent, at)
        return Snapshot(
            environment=environment,
            engine=ENGINE,
            namespace=intent.namespace,
            at=at,
            phase=Phase.UNKNOWN,
            release=release_state(self._state, intent),
            workloads=recorded_workloads(self._state, intent),
        )

    def history(self, environment: str) -> tuple[Revision, ...]:
        """Return the revisions, oldest first."""
        return self._state.revisions(environment) if self._state else ()

    def events(self, environment: str) -> tuple[Event, ...]:
        """Return what happened, oldest first."""
        return self._state.events(environment) if self._state else ()

    def recall(self, environment: str, revision: int) -> Release | None:
        """Return the release that a revision applied; None where nothing was ever applied."""
        return self._state.release(environment, revision) if self._state else None


def stopped(state: State | None, environment: str, intent: Intent | None, at: float) -> Snapshot:
    """Return the snapshot of an environment that does not run."""
    return Snapshot(
        environment=environment,
        engine=ENGINE,
        namespace=intent.namespace if intent else "",
        at=at,
        phase=Phase.STOPPED,
        release=release_state(state, intent) if intent and state else None,
    )


def release_state(state: State, intent: Intent) -> ReleaseState:
    """Return the newest revision with its outcome and the one before it."""
    revisions = state.revisions(intent.environment)
    current = next((r for r in revisions if r.number == intent.revision), None)
    earlier = [revision.number for revision in revisions if revision.number < intent.revision]
    return ReleaseState(
        name=intent.release,
        revision=intent.revision,
        previous=max(earlier, default=None),
        outcome=current.outcome if current else None,
        applied_at=current.at if current else 0.0,
    )
