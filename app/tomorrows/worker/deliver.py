"""One delivery: to the webhook, or to the log."""

import json
from datetime import datetime

from tomorrows import __version__
from tomorrows.domain import instant
from tomorrows.logs import log
from tomorrows.outbound.webhook import Outcome, Result, WebhookCaller
from tomorrows.storage.jobs import Lease


def deliver(caller: WebhookCaller, lease: Lease, now: datetime) -> Result:
    """Deliver a reminder, and say how it went. May repeat an earlier delivery, under the same key."""
    channel = "webhook" if lease.webhook else "log"
    if lease.webhook:
        result = caller.deliver(lease.webhook, headers(lease), body(lease, now))
        if result.outcome is not Outcome.DELIVERED:
            return result
    # The delivery to the log is this line; for a webhook it is the record of it, and holds no message.
    log(
        "worker",
        "reminder.delivered",
        reminder_id=lease.reminder_id,
        delivery_key=lease.delivery_key,
        channel=channel,
        due_at=instant(lease.due_at),
        attempt=lease.attempts + 1,
        message=None if lease.webhook else lease.message,
    )
    return Result(Outcome.DELIVERED)


def headers(lease: Lease) -> dict[str, str]:
    """Give the headers of a delivery; the key is the same in each repeat."""
    return {
        "Content-Type": "application/json",
        "User-Agent": f"tomorrows/{__version__}",
        "Idempotency-Key": lease.delivery_key,
    }


def body(lease: Lease, now: datetime) -> bytes:
    """Write what the webhook gets."""
    document = {
        "event": "reminder.due",
        "id": lease.reminder_id,
        "delivery_key": lease.delivery_key,
        "message": lease.message,
        "due_at": instant(lease.due_at),
        "sent_at": instant(now),
        "attempt": lease.attempts + 1,
    }
    return json.dumps(document).encode()
