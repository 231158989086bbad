"""The tables. Alembic makes them; a test holds the two against each other."""

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, Dialect, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

# The newest revision under migrations/versions that this code was written for.
SCHEMA = "0001"

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """An instant with its zone, on databases with and without one; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone must not reach the database")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


reminders = Table(
    "reminders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("message", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("webhook", Text),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Index("ix_reminders_due", "due_at", "id"),
    Index("ix_reminders_status_due", "status", "due_at", "id"),
)

# One row for each reminder that still has to be delivered; gone when it is delivered, cancelled or failed.
jobs = Table(
    "jobs",
    metadata,
    Column("reminder_id", String(32), ForeignKey("reminders.id", ondelete="CASCADE"), primary_key=True),
    Column("run_at", Instant, nullable=False),
    Column("lease_token", String(32)),
    Column("lease_owner", String(128)),
    Column("lease_until", Instant),
    Column("heartbeat_at", Instant),
    Index("ix_jobs_run_at", "run_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("reminder_id", String(32), ForeignKey("reminders.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_idempotency_keys_created_at", "created_at"),
)
