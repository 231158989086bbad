"""Reminders, the jobs that deliver them, and the idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Expand only."""
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("webhook", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT),
    )
    op.create_index("ix_reminders_due", "reminders", ["due_at", "id"])
    op.create_index("ix_reminders_status_due", "reminders", ["status", "due_at", "id"])
    op.create_table(
        "jobs",
        sa.Column(
            "reminder_id", sa.String(32), sa.ForeignKey("reminders.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_until", INSTANT),
        sa.Column("heartbeat_at", INSTANT),
    )
    op.create_index("ix_jobs_run_at", "jobs", ["run_at"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column(
            "reminder_id", sa.String(32), sa.ForeignKey("reminders.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
