"""The versions of the state file: each step is applied once, in a transaction of its own."""

import sqlite3
from pathlib import Path

from flaskship.model.errors import PreflightError

STEPS = (
    """
    CREATE TABLE revisions (environment TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL,
      release TEXT NOT NULL, outcome TEXT, verdict TEXT, receipt TEXT, images TEXT,
      key TEXT UNIQUE,      PRIMARY KEY (environment, number));
    CREATE TABLE intents (environment TEXT PRIMARY KEY, release TEXT NOT NULL, namespace TEXT NOT NULL,
      revision INTEGER NOT NULL, running INTEGER NOT NULL, scales TEXT NOT NULL, restarts TEXT NOT NULL,
      paused TEXT NOT NULL);
    CREATE TABLE replicas (uid TEXT PRIMARY KEY, environment TEXT NOT NULL, workload TEXT NOT NULL,
      name TEXT NOT NULL, template TEXT NOT NULL, revision INTEGER NOT NULL, created_at REAL NOT NULL,
      address TEXT NOT NULL, ports TEXT NOT NULL, stage TEXT NOT NULL, was_ready INTEGER NOT NULL);
    CREATE TABLE processes (uid TEXT PRIMARY KEY, replica TEXT NOT NULL
      REFERENCES replicas (uid) ON DELETE CASCADE, container TEXT NOT NULL, attempt INTEGER NOT NULL,
      intended_at REAL NOT NULL, pid INTEGER, start_time INTEGER, boot_id TEXT, killed_by TEXT);
    CREATE INDEX processes_of_replica ON processes (replica, container, attempt);
    CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, environment TEXT NOT NULL, at REAL NOT NULL,
      object TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, type TEXT NOT NULL);
    CREATE TABLE addresses (environment TEXT NOT NULL, service TEXT NOT NULL, address TEXT NOT NULL,
      ports TEXT NOT NULL, PRIMARY KEY (environment, service));
    CREATE TABLE jobs (environment TEXT NOT NULL, name TEXT NOT NULL, template TEXT NOT NULL,
      started_at REAL NOT NULL, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL, failed_at REAL NOT NULL,
      outcome TEXT, PRIMARY KEY (environment, name));
    CREATE TABLE locks (environment TEXT PRIMARY KEY, token TEXT NOT NULL, owner TEXT NOT NULL,
      pid INTEGER NOT NULL, start_time INTEGER NOT NULL, boot_id TEXT NOT NULL, since REAL NOT NULL);
    """,
    # IF NOT EXISTS: for a day this table was part of the first step.
    """
    CREATE TABLE IF NOT EXISTS autoscaled (environment TEXT NOT NULL, workload TEXT NOT NULL,
      replicas INTEGER NOT NULL,
      PRIMARY KEY (environment, workload));
    """,
    """
    ALTER TABLE jobs ADD COLUMN why TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN last_lines TEXT NOT NULL DEFAULT '[]';
    """,
)
VERSION = len(STEPS)


def version_of(db: sqlite3.Connection, path: Path) -> int:
    """Return the file's version; PreflightError when it is one that this code does not know."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise PreflightError(
            f"the state file {path} has version {found}, this Flaskship knows up to {VERSION}",
            hint="It is left as it is. Use the newer Flaskship that wrote it.",
        )
    return int(found)


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to VERSION."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    for number, step in enumerate(STEPS[found:], start=found + 1):
        db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
    if found < VERSION:
        # The tables stand in the file itself: with its log lost it does not look like a new one.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
