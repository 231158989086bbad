"""Leases: who may deliver what, until when. A change names its token, so that a late one changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select, update

from tomorrows.domain import Status
from tomorrows.storage.tables import jobs, reminders


@dataclass(frozen=True)
class Lease:
    """The right to deliver one reminder until an instant."""

    reminder_id: str
    token: str
    message: str
    webhook: str | None
    due_at: datetime
    attempts: int

    @property
    def delivery_key(self) -> str:
        """The same for every repeat of this delivery, so that the receiver can tell one."""
        return f"reminder-{self.reminder_id}"


@dataclass(frozen=True)
class Backlog:
    """How much waits, and since when."""

    waiting: int
    due: int
    leased: int
    oldest_due_at: datetime | None


def claim(
    connection: Connection, *, owner: str, token: str, now: datetime, life: timedelta, limit: int
) -> list[Lease]:
    """Take up to `limit` due jobs that nobody holds, or whose holder let its lease run out."""
    free = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= now)
    taken = list(
        connection.execute(
            select(jobs.c.reminder_id)
            .where(jobs.c.run_at <= now, free)
            .order_by(jobs.c.run_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).scalars()
    )
    if not taken:
        return []
    connection.execute(
        update(jobs)
        .where(jobs.c.reminder_id.in_(taken))
        .values(lease_owner=owner, lease_token=token, lease_until=now + life, heartbeat_at=now)
    )
    connection.execute(
        update(reminders)
        .where(reminders.c.id.in_(taken))
        .values(status=Status.DELIVERING.value, updated_at=now)
    )
    rows = connection.execute(select(reminders).where(reminders.c.id.in_(taken)).order_by(reminders.c.due_at))
    return [
        Lease(row["id"], token, row["message"], row["webhook"], row["due_at"], row["attempts"])
        for row in rows.mappings()
    ]


def renew(connection: Connection, *, lease: Lease, now: datetime, life: timedelta) -> bool:
    """Prolong a lease; False when it is lost."""
    changed = connection.execute(
        update(jobs)
        .where(jobs.c.reminder_id == lease.reminder_id, jobs.c.lease_token == lease.token)
        .values(lease_until=now + life, heartbeat_at=now)
    ).rowcount
    return bool(changed)


def finish(connection: Connection, *, lease: Lease, status: Status, now: datetime, error: str | None) -> bool:
    """End a job as delivered or failed; False when the lease is lost and another worker decides."""
    if not _give_up_job(connection, lease):
        return False
    connection.execute(
        update(reminders)
        .where(reminders.c.id == lease.reminder_id)
        .values(
            status=status.value,
            updated_at=now,
            attempts=reminders.c.attempts + 1,
            last_error=error,
            delivered_at=now if status is Status.DELIVERED else None,
        )
    )
    return True


def postpone(
    connection: Connection, *, lease: Lease, run_at: datetime, now: datetime, error: str | None, counted: bool
) -> bool:
    """Give a job back to be tried at `run_at`; `counted` when an attempt was really made."""
    changed = connection.execute(
        update(jobs)
        .where(jobs.c.reminder_id == lease.reminder_id, jobs.c.lease_token == lease.token)
        .values(run_at=run_at, lease_owner=None, lease_token=None, lease_until=None)
    ).rowcount
    if not changed:
        return False
    values: dict[str, object] = {"status": Status.SCHEDULED.value, "updated_at": now}
    if error is not None:
        values["last_error"] = error
    if counted:
        values["attempts"] = reminders.c.attempts + 1
    connection.execute(update(reminders).where(reminders.c.id == lease.reminder_id).values(values))
    return True


def backlog(connection: Connection, now: datetime) -> Backlog:
    """Measure the queue."""
    waiting, oldest = connection.execute(select(func.count(), func.min(jobs.c.run_at))).one()
    due = connection.execute(select(func.count()).where(jobs.c.run_at <= now)).scalar_one()
    leased = connection.execute(select(func.count()).where(jobs.c.lease_until > now)).scalar_one()
    return Backlog(waiting, due, leased, oldest if oldest is not None and oldest <= now else None)


def _give_up_job(connection: Connection, lease: Lease) -> bool:
    gone = connection.execute(
        delete(jobs).where(jobs.c.reminder_id == lease.reminder_id, jobs.c.lease_token == lease.token)
    ).rowcount
    return bool(gone)
