"""What the API and Admin do with reminders, each within one transaction that the caller opened."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tomorrows.domain import Draft, Reminder, Status, instant, parse_instant
from tomorrows.storage.tables import idempotency_keys, jobs, reminders

KEY_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class Page:
    """One page of reminders, and the cursor of the next one."""

    items: tuple[Reminder, ...]
    cursor: str | None


@dataclass(frozen=True)
class KeyUse:
    """What an idempotency key was used for before."""

    fingerprint: str
    reminder_id: str


def insert_reminder(connection: Connection, reminder_id: str, draft: Draft, now: datetime) -> Reminder:
    """Store a reminder and the job that will deliver it."""
    connection.execute(
        insert(reminders).values(
            id=reminder_id,
            message=draft.message,
            due_at=draft.due_at,
            webhook=draft.webhook,
            status=Status.SCHEDULED.value,
            attempts=0,
            created_at=now,
            updated_at=now,
        )
    )
    connection.execute(insert(jobs).values(reminder_id=reminder_id, run_at=draft.due_at))
    return Reminder(
        reminder_id, draft.message, draft.due_at, draft.webhook, Status.SCHEDULED, 0, None, now, now, None
    )


def find(connection: Connection, reminder_id: str) -> Reminder | None:
    """Read one reminder."""
    row = connection.execute(select(reminders).where(reminders.c.id == reminder_id)).mappings().first()
    return _reminder(row) if row else None


def page(
    connection: Connection, *, status: Status | None, limit: int, cursor: str | None, search: str = ""
) -> Page | None:
    """Read a page in the order (due_at, id); None when the cursor is not one of ours."""
    query = select(reminders).order_by(reminders.c.due_at, reminders.c.id).limit(limit + 1)
    if status is not None:
        query = query.where(reminders.c.status == status.value)
    if search:
        query = query.where(reminders.c.message.icontains(search, autoescape=True))
    if cursor is not None:
        place = read_cursor(cursor)
        if place is None:
            return None
        due_at, last = place
        later = reminders.c.due_at > due_at
        query = query.where(or_(later, and_(reminders.c.due_at == due_at, reminders.c.id > last)))
    rows = [_reminder(row) for row in connection.execute(query).mappings()]
    following = make_cursor(rows[limit - 1]) if len(rows) > limit else None
    return Page(tuple(rows[:limit]), following)


def cancel(connection: Connection, reminder_id: str, now: datetime) -> bool:
    """Cancel a scheduled reminder; False when it is not scheduled (any more)."""
    # The job first, as everywhere: two transactions that take these rows in different orders would deadlock.
    free = delete(jobs).where(jobs.c.reminder_id == reminder_id, jobs.c.lease_token.is_(None))
    if not connection.execute(free).rowcount:
        return False
    connection.execute(
        update(reminders)
        .where(reminders.c.id == reminder_id)
        .values(status=Status.CANCELLED.value, updated_at=now)
    )
    return True


def key_use(connection: Connection, key: str) -> KeyUse | None:
    """Look an idempotency key up."""
    row = connection.execute(select(idempotency_keys).where(idempotency_keys.c.key == key)).mappings().first()
    return KeyUse(row["fingerprint"], row["reminder_id"]) if row else None


def claim_key(connection: Connection, key: str, use: KeyUse, now: datetime) -> bool:
    """Take an idempotency key; False when another request has it: then the transaction must be given up."""
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < now - KEY_LIFE))
    try:
        connection.execute(
            insert(idempotency_keys).values(
                key=key, fingerprint=use.fingerprint, reminder_id=use.reminder_id, created_at=now
            )
        )
    except IntegrityError:
        return False
    return True


def counts(connection: Connection) -> dict[Status, int]:
    """Count reminders by status."""
    rows = connection.execute(select(reminders.c.status, func.count()).group_by(reminders.c.status))
    found = {row[0]: row[1] for row in rows}
    return {status: int(found.get(status.value, 0)) for status in Status}


def make_cursor(last: Reminder) -> str:
    """Write the place after a reminder as an opaque word."""
    return base64.urlsafe_b64encode(json.dumps([instant(last.due_at), last.id]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str] | None:
    """Read a cursor; None when it is not one of ours."""
    if len(cursor) > 200 or not cursor.isascii():
        return None
    try:
        place: Any = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except ValueError:
        return None
    if not (isinstance(place, list) and len(place) == 2 and all(isinstance(part, str) for part in place)):
        return None
    due_at = parse_instant(place[0])
    return (due_at, place[1]) if due_at and place[1].isalnum() and place[1].isascii() else None


def _reminder(row: RowMapping) -> Reminder:
    return Reminder(
        id=row["id"],
        message=row["message"],
        due_at=row["due_at"],
        webhook=row["webhook"],
        status=Status(row["status"]),
        attempts=row["attempts"],
        last_error=row["last_error"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        delivered_at=row["delivered_at"],
    )
