"""Creating a reminder once, however often the request is repeated."""

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import Connection

from tomorrows.domain import Draft, Reminder, instant
from tomorrows.runtime import Runtime
from tomorrows.storage import reminders
from tomorrows.storage.reminders import KeyUse


class KeyReused(Exception):
    """The idempotency key belongs to a request with another body."""


class _KeyTaken(Exception):
    """Another request committed the same key first."""


@dataclass(frozen=True)
class Created:
    """The reminder, and whether this request made it or an earlier one."""

    reminder: Reminder
    replayed: bool


def create(runtime: Runtime, draft: Draft, key: str | None) -> Created:
    """Store the reminder, or give the one that this key made; raise KeyReused for another body."""
    use = KeyUse(fingerprint(draft), runtime.new_id())
    for _ in range(2):
        try:
            with runtime.database.writing() as connection:
                return _create(runtime, connection, draft, key, use)
        except _KeyTaken:
            continue  # the winner has committed, so the second look finds its key
    raise KeyReused


def fingerprint(draft: Draft) -> str:
    """Identify what is wished, not how it was spelled."""
    text = json.dumps([draft.message, instant(draft.due_at), draft.webhook])
    return hashlib.sha256(text.encode()).hexdigest()


def _create(runtime: Runtime, connection: Connection, draft: Draft, key: str | None, use: KeyUse) -> Created:
    earlier = reminders.key_use(connection, key) if key else None
    if earlier is not None:
        found = reminders.find(connection, earlier.reminder_id)
        if earlier.fingerprint != use.fingerprint or found is None:
            raise KeyReused
        return Created(found, replayed=True)
    now = runtime.now()
    made = reminders.insert_reminder(connection, use.reminder_id, draft, now)
    if key and not reminders.claim_key(connection, key, use, now):
        raise _KeyTaken
    return Created(made, replayed=False)
