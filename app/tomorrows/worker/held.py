"""The leases that this process holds, and until when it may act on them by its own clock."""

import threading
from dataclasses import dataclass

from tomorrows.storage.jobs import Lease


@dataclass(frozen=True)
class Hold:
    """A lease with the instant, on the monotonic clock, after which it must count as lost."""

    lease: Lease
    until: float


class HeldLeases:
    """A small table that the loop, the heartbeat and the deliveries share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holds: dict[str, Hold] = {}

    def take(self, lease: Lease, until: float) -> None:
        """Note a lease, or its renewal."""
        with self._lock:
            self._holds[lease.reminder_id] = Hold(lease, until)

    def prolong(self, lease: Lease, until: float) -> None:
        """Note a renewal, unless the work ended meanwhile."""
        with self._lock:
            hold = self._holds.get(lease.reminder_id)
            if hold and hold.lease.token == lease.token:
                self._holds[lease.reminder_id] = Hold(lease, until)

    def drop(self, lease: Lease) -> None:
        """Forget a lease."""
        with self._lock:
            hold = self._holds.get(lease.reminder_id)
            if hold and hold.lease.token == lease.token:
                del self._holds[lease.reminder_id]

    def valid(self, lease: Lease, now: float) -> bool:
        """Whether the lease may still be acted on."""
        with self._lock:
            hold = self._holds.get(lease.reminder_id)
        return hold is not None and hold.lease.token == lease.token and now < hold.until

    def all(self) -> list[Lease]:
        """List the leases held."""
        with self._lock:
            return [hold.lease for hold in self._holds.values()]
