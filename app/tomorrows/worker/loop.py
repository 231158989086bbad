"""The delivery loop: claim what is due, deliver in threads, renew the leases, hand back what is left."""

import logging
import random
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta

import stamina
from sqlalchemy.exc import SQLAlchemyError

from tomorrows.domain import Status
from tomorrows.health import schema_reason
from tomorrows.logs import log
from tomorrows.outbound.webhook import Result, WebhookCaller
from tomorrows.runtime import Background, Runtime
from tomorrows.storage import jobs
from tomorrows.storage.database import DatabaseUnavailable, schema_version
from tomorrows.storage.jobs import Lease
from tomorrows.worker.deliver import deliver
from tomorrows.worker.held import HeldLeases
from tomorrows.worker.record import Finished, decide, write

POLL_SECONDS = 0.5
STUCK_SECONDS = 30.0
# A lease counts as lost a little before the database says so: clocks and transactions take their time.
SAFETY = 0.8


class DeliveryLoop(Background):
    """Runs beside the worker role's health endpoints; `start` after the fork, `stop` on drain."""

    def __init__(self, runtime: Runtime, caller: WebhookCaller | None = None) -> None:
        self._runtime = runtime
        self._caller = caller or WebhookCaller(runtime.settings.webhook_allow)
        self._owner = f"{socket.gethostname()}/{runtime.new_id()[:12]}"[:128]
        self._life = timedelta(seconds=runtime.settings.lease_seconds)
        self._held = HeldLeases()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pool: ThreadPoolExecutor | None = None
        self._running: set[Future[None]] = set()
        self._beat = 0.0
        self._schema_fits = False
        self._stopped = threading.Lock()

    def start(self) -> None:
        """Begin to claim and to deliver."""
        for channel in ("log", "webhook"):
            # None yet is a zero that Prometheus sees, not an unknown.
            self._runtime.metrics.deliveries.labels(channel, "delivered")
        self._pool = ThreadPoolExecutor(
            self._runtime.settings.worker_concurrency, thread_name_prefix="deliver"
        )
        for target in (self._claim_for_ever, self._renew_for_ever):
            thread = threading.Thread(target=target, name=target.__name__.strip("_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float) -> None:
        """Claim nothing more, let deliveries end, and release the leases of those that do not."""
        deadline = time.monotonic() + timeout
        with self._stopped:
            self._stop.set()
            self._wake.set()
            if self._pool is None:
                return
            claiming, *others = self._threads
            # Its last claim may be under way: what it brings has to be in the table that is released below.
            claiming.join(max(0.0, deadline - time.monotonic() - 1.0))
            wait(set(self._running), timeout=max(0.0, deadline - time.monotonic() - 1.0))
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._release(self._held.all())
            for thread in others:
                thread.join(max(0.0, deadline - time.monotonic()))
            self._pool = None

    def started(self) -> bool:
        """Whether the first look at the queue has happened, successful or not."""
        return self._beat > 0

    def problem(self) -> str | None:
        """Say why nothing is claimed, or None."""
        if self._stop.is_set():
            return None
        if not self._threads or not all(thread.is_alive() for thread in self._threads):
            return "the delivery loop does not run"
        if self._beat and time.monotonic() - self._beat > STUCK_SECONDS:
            return f"the delivery loop has not looked at the queue for {STUCK_SECONDS:g} s"
        return None

    def _claim_for_ever(self) -> None:
        down = False
        while not self._stop.is_set():
            try:
                claimed = self._claim()
                if down:
                    log("worker", "database.back")
                down = False
            except (DatabaseUnavailable, SQLAlchemyError) as error:
                claimed = 0
                if not down:
                    log("worker", "claim.failed", level=logging.WARNING, reason=_reason(error))
                down = True
            except Exception as error:
                # One defect must not end all delivery: the process lives on, so nobody would restart it.
                claimed = 0
                log("worker", "claim.broke", level=logging.ERROR, error=error)
            self._beat = time.monotonic()
            if not claimed:
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()

    def _claim(self) -> int:
        self._running = {future for future in self._running if not future.done()}
        free = self._runtime.settings.worker_concurrency - len(self._running)
        if free <= 0:
            return 0
        began = time.monotonic()
        token = self._runtime.new_id()
        with self._runtime.database.writing() as connection:
            if not self._schema_fits:
                self._schema_fits = schema_reason(schema_version(connection)) is None
            if not self._schema_fits:
                return 0
            leases = jobs.claim(
                connection,
                owner=self._owner,
                token=token,
                now=self._runtime.now(),
                life=self._life,
                limit=free,
            )
        for lease in leases:
            self._held.take(lease, began + self._life.total_seconds() * SAFETY)
        if self._stop.is_set():
            self._release(leases)
            return 0
        for lease in leases:
            if self._pool is not None:
                self._running.add(self._pool.submit(self._work, lease))
        return len(leases)

    def _work(self, lease: Lease) -> None:
        try:
            if self._stop.is_set() or not self._held.valid(lease, time.monotonic()):
                return
            result = deliver(self._caller, lease, self._runtime.now())
            channel = "webhook" if lease.webhook else "log"
            self._runtime.metrics.deliveries.labels(channel, result.outcome.value).inc()
            self._record(lease, result)
            self._held.drop(lease)
        except DatabaseUnavailable as error:
            self._held.drop(lease)
            log(
                "worker",
                "delivery.unrecorded",
                level=logging.WARNING,
                reminder_id=lease.reminder_id,
                reason=str(error),
            )
        except Exception as error:
            # The lease runs out and the reminder is tried again: nothing is lost, and nothing goes unseen.
            self._held.drop(lease)
            log("worker", "delivery.broke", level=logging.ERROR, error=error, reminder_id=lease.reminder_id)
        finally:
            self._wake.set()

    def _record(self, lease: Lease, result: Result) -> None:
        now = self._runtime.now()
        decision = decide(
            lease,
            result,
            now=now,
            max_attempts=self._runtime.settings.max_attempts,
            fraction=random.random(),  # noqa: S311 - jitter, not a secret
        )
        # It is delivered; only a record keeps it from being repeated, so try for as long as the lease lives.
        for attempt in stamina.retry_context(
            on=DatabaseUnavailable, attempts=None, timeout=self._life.total_seconds() * SAFETY, wait_max=2.0
        ):
            with attempt, self._runtime.database.writing() as connection:
                kept = write(connection, lease, decision, now)
        if not kept:
            self._runtime.metrics.leases_lost.inc()
            log("worker", "lease.lost", level=logging.WARNING, reminder_id=lease.reminder_id)
        elif isinstance(decision, Finished) and decision.status is Status.DELIVERED:
            self._runtime.metrics.lateness.observe(max(0.0, (now - lease.due_at).total_seconds()))
        else:
            log(
                "worker",
                "reminder.failed" if isinstance(decision, Finished) else "reminder.postponed",
                level=logging.WARNING,
                reminder_id=lease.reminder_id,
                reason=result.reason,
            )

    def _renew_for_ever(self) -> None:
        while not self._stop.wait(self._life.total_seconds() / 3):
            for lease in self._held.all():
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        began = time.monotonic()
        try:
            with self._runtime.database.writing() as connection:
                kept = jobs.renew(connection, lease=lease, now=self._runtime.now(), life=self._life)
        except (DatabaseUnavailable, SQLAlchemyError):
            return  # unknown, so the lease keeps its old end
        except Exception as error:
            log("worker", "renewal.broke", level=logging.ERROR, error=error, reminder_id=lease.reminder_id)
            return
        if kept:
            self._held.prolong(lease, began + self._life.total_seconds() * SAFETY)
        else:
            self._held.drop(lease)

    def _release(self, leases: list[Lease]) -> None:
        for lease in leases:
            now = self._runtime.now()
            try:
                with self._runtime.database.writing() as connection:
                    jobs.postpone(connection, lease=lease, run_at=now, now=now, error=None, counted=False)
            except (DatabaseUnavailable, SQLAlchemyError) as error:
                log("worker", "release.failed", level=logging.WARNING, reason=_reason(error))
                return
            self._held.drop(lease)
            log("worker", "lease.released", reminder_id=lease.reminder_id)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, DatabaseUnavailable) else type(error).__name__
