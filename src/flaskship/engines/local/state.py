"""The durable state of a project's local engine: one SQLite file, one writer (the supervisor)."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace

from flaskship.engines.local.jobs import JobOutcome, JobRecord
from flaskship.engines.local.migrations import VERSION
from flaskship.engines.local.processes.ports import Placement
from flaskship.engines.local.rows import Intent, LockRecord, ProcessRecord, ReplicaRecord
from flaskship.engines.local.state_file import StateFile, encode
from flaskship.engines.local.steps import step
from flaskship.model.errors import FlaskshipError
from flaskship.model.release import Event, Provenance, Release, Revision
from flaskship.model.verdict import Outcome, Receipt, Verdict

KEPT_EVENTS = 2000
NOTHING = (None, "null")
__all__ = ["Intent", "LockRecord", "ProcessRecord", "ReplicaRecord", "State"]


class State(StateFile):
    """Every method is one transaction, which no death of a process undoes.

    Releases, intents and Jobs outlive a power cut, too. Replicas, processes and locks do not outlive the boot
    that they are of: to wait for the disk at each of their steps would only make starts slow.
    """

    version = VERSION

    # revisions

    def revision_of(self, key: str) -> int | None:
        """Return the revision that an apply with this idempotency key made already."""
        row = self._execute("SELECT number FROM revisions WHERE key = ?", key).fetchone()
        return int(row[0]) if row else None

    @step("add_revision")
    def add_revision(self, release: Release, at: float, key: str | None = None) -> int:
        """Store the release as the next revision, make it the intent, and return its number."""
        with self._on_disk(), self._transaction():
            row = self._execute(
                "SELECT COALESCE(MAX(number), 0) + 1 FROM revisions WHERE environment = ?",
                release.environment,
            ).fetchone()
            number = int(row[0])
            self._execute(
                "INSERT INTO revisions (environment, number, at, release, key) VALUES (?, ?, ?, ?, ?)",
                release.environment,
                number,
                at,
                encode(release),
                key,
            )
            self._execute(
                # A restart's mark is part of what its replicas are: without it they would be replaced again.
                "INSERT OR REPLACE INTO intents VALUES (?1, ?2, ?3, ?4, 1, '{}',"
                " COALESCE((SELECT restarts FROM intents WHERE environment = ?1), '{}'),"
                " COALESCE((SELECT paused FROM intents WHERE environment = ?1), '[]'))",
                release.environment,
                release.name,
                release.namespace,
                number,
            )
        return number

    @step("conclude")
    def conclude(
        self,
        environment: str,
        number: int,
        verdict: Verdict,
        receipt: Receipt | None,
        images: Mapping[str, str],
    ) -> None:
        """Record what a revision came to."""
        with self._on_disk():
            self._execute(
                "UPDATE revisions SET outcome = ?, verdict = ?, receipt = ?, images = ?"
                " WHERE environment = ? AND number = ?",
                verdict.outcome.value,
                encode(verdict),
                encode(receipt),
                encode(images),
                environment,
                number,
            )

    def revisions(self, environment: str) -> tuple[Revision, ...]:
        """Return the history, oldest first."""
        rows = self._execute(
            "SELECT number, at, outcome, verdict, receipt, images,"
            " json_extract(release, '$.provenance') AS provenance"
            " FROM revisions WHERE environment = ? ORDER BY number",
            environment,
        )
        return tuple(self._revision(row) for row in rows)

    def release(self, environment: str, number: int) -> Release:
        """Return the release of a revision; FlaskshipError when there is none."""
        row = self._execute(
            "SELECT release FROM revisions WHERE environment = ? AND number = ?", environment, number
        ).fetchone()
        if row is None:
            kept = ", ".join(str(revision.number) for revision in self.revisions(environment)) or "none"
            raise FlaskshipError(f"{environment} has no revision {number}", hint=f"Kept revisions: {kept}.")
        return self._decode(row[0], Release)

    def pinned_images(self) -> set[str]:
        """Return the ids of the local images that a kept revision may need again."""
        rows = self._execute("SELECT DISTINCT value FROM revisions, json_each(release, '$.images')")
        return {str(row[0]) for row in rows}

    @step("prune")
    def prune(self, environment: str, keep: int) -> None:
        """Forget the oldest revisions beyond keep, save the last successful one and those of replicas.

        What runs needs its own manifests and image at every restart, however many deploys left it as it is.
        """
        self._execute(
            "DELETE FROM revisions WHERE environment = ?1 AND number NOT IN ("
            " SELECT number FROM revisions WHERE environment = ?1 ORDER BY number DESC LIMIT ?2)"
            " AND number IS NOT (SELECT MAX(number) FROM revisions WHERE environment = ?1 AND outcome = ?3)"
            " AND number NOT IN (SELECT revision FROM replicas WHERE environment = ?1)",
            environment,
            keep,
            Outcome.SUCCESSFUL.value,
        )

    # intents

    def intents(self) -> tuple[Intent, ...]:
        """Return what every environment should be doing."""
        rows = self._execute("SELECT * FROM intents ORDER BY environment")
        return tuple(
            Intent(
                environment=row["environment"],
                release=row["release"],
                namespace=row["namespace"],
                revision=row["revision"],
                running=bool(row["running"]),
                scales=self._decode(row["scales"], dict[str, int]),
                restarts=self._decode(row["restarts"], dict[str, str]),
                paused=self._decode(row["paused"], tuple[str, ...]),
            )
            for row in rows
        )

    def intent(self, environment: str) -> Intent | None:
        """Return what one environment should be doing; None when nothing was ever applied."""
        return next((intent for intent in self.intents() if intent.environment == environment), None)

    @step("save_intent")
    def save_intent(self, intent: Intent) -> None:
        """Replace the intent of its environment."""
        with self._on_disk():
            self._execute(
                "INSERT OR REPLACE INTO intents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                intent.environment,
                intent.release,
                intent.namespace,
                intent.revision,
                int(intent.running),
                encode(intent.scales),
                encode(intent.restarts),
                encode(intent.paused),
            )

    @step("forget_environment")
    def forget(self, environment: str) -> None:
        """Remove everything about an environment that does not run."""
        with self._on_disk(), self._transaction():
            for table in ("revisions", "intents", "events", "addresses", "jobs", "autoscaled"):
                self._execute(f"DELETE FROM {table} WHERE environment = ?", environment)  # noqa: S608

    # replicas and their processes

    @step("save_replica")
    def save_replica(self, record: ReplicaRecord) -> None:
        """Insert or replace one replica."""
        self._execute(
            "INSERT INTO replicas VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (uid) DO UPDATE SET stage = excluded.stage, was_ready = excluded.was_ready",
            record.uid,
            record.environment,
            record.workload,
            record.name,
            record.template,
            record.revision,
            record.created_at,
            record.address,
            encode(record.ports),
            record.stage,
            int(record.was_ready),
        )

    def replicas(self, environment: str) -> tuple[ReplicaRecord, ...]:
        """Return the replicas that should still exist, oldest first."""
        rows = self._execute("SELECT * FROM replicas WHERE environment = ? ORDER BY created_at", environment)
        return tuple(
            replace(
                ReplicaRecord(**dict(row)),
                ports=self._decode(row["ports"], dict[int, int]),
                was_ready=bool(row["was_ready"]),
            )
            for row in rows
        )

    @step("remove_replica")
    def remove_replica(self, uid: str) -> None:
        """Forget a replica whose processes are gone."""
        self._execute("DELETE FROM replicas WHERE uid = ?", uid)

    @step("save_process")
    def save_process(self, record: ProcessRecord) -> None:
        """Insert or replace one process."""
        self._execute(
            "INSERT OR REPLACE INTO processes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            record.uid,
            record.replica,
            record.container,
            record.attempt,
            record.intended_at,
            record.pid,
            record.start_time,
            record.boot_id,
            record.killed_by,
        )

    def processes(self, replica: str) -> tuple[ProcessRecord, ...]:
        """Return the newest start of each container of a replica."""
        rows = self._execute(
            "SELECT p.* FROM processes p WHERE replica = ?1 AND attempt ="
            " (SELECT MAX(attempt) FROM processes WHERE replica = ?1 AND container = p.container)",
            replica,
        )
        return tuple(ProcessRecord(**dict(row)) for row in rows)

    def process_uids(self) -> set[str]:
        """Return every process that a replica of the state was given."""
        return {str(row[0]) for row in self._execute("SELECT uid FROM processes")}

    def job(self, environment: str, name: str) -> JobRecord | None:
        """Return how far a Job has come; None when it never ran."""
        row = self._execute(
            "SELECT * FROM jobs WHERE environment = ? AND name = ?", environment, name
        ).fetchone()
        if row is None:
            return None
        outcome = JobOutcome(row["outcome"]) if row["outcome"] else None
        lines = tuple(json.loads(row["last_lines"]))
        return replace(JobRecord(**dict(row)), outcome=outcome, last_lines=lines)

    @step("save_job")
    def save_job(self, record: JobRecord) -> None:
        """Insert or replace how far a Job has come."""
        with self._on_disk():
            self._execute(
                "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                record.environment,
                record.name,
                record.template,
                record.started_at,
                record.succeeded,
                record.failed,
                record.failed_at,
                record.outcome.value if record.outcome else None,
                record.why,
                json.dumps(record.last_lines),
            )

    def autoscaled(self, environment: str) -> dict[str, int]:
        """Return what autoscalers wanted last, by workload."""
        rows = self._execute("SELECT workload, replicas FROM autoscaled WHERE environment = ?", environment)
        return {row["workload"]: row["replicas"] for row in rows}

    @step("save_autoscaled")
    def save_autoscaled(self, environment: str, counts: Mapping[str, int]) -> None:
        """Replace what autoscalers wanted last."""
        with self._transaction():
            self._execute("DELETE FROM autoscaled WHERE environment = ?", environment)
            for workload, replicas in counts.items():
                self._execute("INSERT INTO autoscaled VALUES (?, ?, ?)", environment, workload, replicas)

    # events, addresses, locks

    @step("add_event")
    def add_event(self, environment: str, event: Event) -> None:
        """Append one event; old ones beyond the limit are forgotten."""
        cursor = self._execute(
            "INSERT INTO events (environment, at, object, reason, message, type) VALUES (?, ?, ?, ?, ?, ?)",
            environment,
            event.at,
            event.object,
            event.reason,
            event.message,
            event.type,
        )
        self._execute("DELETE FROM events WHERE id <= ?", (cursor.lastrowid or 0) - KEPT_EVENTS)

    def events(self, environment: str) -> tuple[Event, ...]:
        """Return the events of an environment, oldest first."""
        rows = self._execute(
            "SELECT at, object, reason, message, type FROM events WHERE environment = ? ORDER BY id",
            environment,
        )
        return tuple(Event(**dict(row)) for row in rows)

    def placements(self) -> dict[tuple[str, str], Placement]:
        """Return where every Service answers that has a place, by environment and name."""
        rows: Iterable[sqlite3.Row] = self._execute("SELECT * FROM addresses")
        return {
            (row["environment"], row["service"]): Placement(
                row["address"], self._decode(row["ports"], dict[int, int])
            )
            for row in rows
        }

    @step("save_placement")
    def save_placement(self, environment: str, service: str, placement: Placement) -> None:
        """Keep the place of a Service, so that it is the same after a restart."""
        self._execute(
            "INSERT OR REPLACE INTO addresses VALUES (?, ?, ?, ?)",
            environment,
            service,
            placement.address,
            encode(placement.ports),
        )

    def locks(self) -> tuple[LockRecord, ...]:
        """Return the locks that were taken and not given back."""
        return tuple(LockRecord(**dict(row)) for row in self._execute("SELECT * FROM locks"))

    @step("save_lock")
    def save_lock(self, lock: LockRecord) -> None:
        """Insert or replace the lock of an environment."""
        self._execute(
            "INSERT OR REPLACE INTO locks VALUES (?, ?, ?, ?, ?, ?, ?)",
            lock.environment,
            lock.token,
            lock.owner,
            lock.pid,
            lock.start_time,
            lock.boot_id,
            lock.since,
        )

    @step("remove_lock")
    def remove_lock(self, environment: str, token: str) -> None:
        """Give a lock back; nothing happens when it is another's by now."""
        self._execute("DELETE FROM locks WHERE environment = ? AND token = ?", environment, token)

    def _revision(self, row: sqlite3.Row) -> Revision:
        decode = self._decode
        return Revision(
            number=row["number"],
            at=row["at"],
            provenance=decode(row["provenance"], Provenance),
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            verdict=decode(row["verdict"], Verdict) if row["verdict"] else None,
            receipt=decode(row["receipt"], Receipt) if row["receipt"] not in NOTHING else None,
            images=decode(row["images"], dict[str, str]) if row["images"] else {},
        )
