"""How the containers of a pod ended, as far as the cluster remembers it."""

from collections.abc import Iterator

from flaskship.engines.kubernetes.observing.conditions import was_ready
from flaskship.engines.kubernetes.observing.observed import Evidence, LogKey
from flaskship.engines.kubernetes.observing.pods import Container, ContainerStatus, Pod, Terminated
from flaskship.engines.kubernetes.observing.shape import unix
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.model.errors import ConfigurationError
from flaskship.model.quantity import parse_bytes
from flaskship.model.snapshot import Exit, KilledBy

NEVER_RAN = frozenset({"StartError", "ContainerCannotRun"})
UNKNOWN = "ContainerStatusUnknown"
OUT_OF_MEMORY = "OOMKilled"
LARGEST_SIGNAL = 64
KILL_SECONDS = 90.0
"""A kill is written down before the grace period; the end may come so much later."""
KILLERS = (
    ("failed liveness probe", KilledBy.LIVENESS),
    ("failed startup probe", KilledBy.STARTUP),
    ("FailedPostStartHook", KilledBy.POST_START),
    ("failed postStart hook", KilledBy.POST_START),
)
KEPT = 10


def exits_of(pod: Pod, events: tuple[Event, ...], evidence: Evidence) -> tuple[Exit, ...]:
    """Return the ends of all containers, the last one of each with its status, earlier ones as unknown."""
    found: list[Exit] = []
    for init, container, status in runs(pod):
        found += _exits(pod, container, status, events, evidence, init=init)
    return tuple(sorted(found, key=lambda one: one.at))


def runs(pod: Pod) -> Iterator[tuple[bool, Container, ContainerStatus]]:
    """Yield (is an initContainer that has to end, container, status) of each container with a status."""
    for containers, statuses, first in (
        (pod.spec.init_containers, pod.status.init_container_statuses, True),
        (pod.spec.containers, pod.status.container_statuses, False),
    ):
        for container in containers:
            for status in statuses:
                if status.name == container.name:
                    yield first and container.restart_policy != "Always", container, status


def last_end(status: ContainerStatus) -> Terminated | None:
    """Return how the container's last run ended; None where none did."""
    return status.state.terminated or status.last_state.terminated


def ended_runs(status: ContainerStatus) -> int:
    """Return how many runs have ended: the restarts, and one more where none goes on."""
    if status.state.running is not None or last_end(status) is None:
        return status.restart_count
    return status.restart_count + 1


def last_run(pod: Pod, status: ContainerStatus) -> LogKey:
    """Return the key of the last run that ended."""
    return LogKey(pod.metadata.uid, status.name, max(0, ended_runs(status) - 1))


def _exits(
    pod: Pod,
    container: Container,
    status: ContainerStatus,
    events: tuple[Event, ...],
    evidence: Evidence,
    *,
    init: bool,
) -> list[Exit]:
    end, count = last_end(status), min(ended_runs(status), KEPT)
    if count == 0 or (end is not None and end.reason in NEVER_RAN):
        return []
    earlier = Exit(status.name, pod.metadata.created_at, init=init)
    if end is None:
        return [earlier] * count
    code, signal, killed_by = _status(pod, status, end, events)
    last = Exit(
        container=status.name,
        at=unix(end.finished_at) or pod.metadata.created_at,
        code=code,
        signal=signal,
        killed_by=killed_by,
        init=init,
        last_lines=evidence.lines.get(last_run(pod, status), ()),
        memory_limit=_memory_limit(container),
        after_ready=not init and was_ready(pod),
        program=container.command[0] if container.command else None,
    )
    return [*[earlier] * (count - 1), last]


def _status(
    pod: Pod, status: ContainerStatus, end: Terminated, events: tuple[Event, ...]
) -> tuple[int | None, int | None, KilledBy | None]:
    if end.reason == UNKNOWN:
        return None, None, None
    if end.reason == OUT_OF_MEMORY:
        return None, 9, KilledBy.MEMORY_LIMIT
    by = KilledBy.ENGINE if pod.metadata.deletion_timestamp else _killer(status.name, end, events)
    # The runtime tells a signal as a shell does: 128 and its number.
    signal = end.signal or (end.exit_code - 128 if 128 < end.exit_code <= 128 + LARGEST_SIGNAL else 0)
    return (None, signal, by) if signal else (end.exit_code, None, by)


def _killer(container: str, end: Terminated, events: tuple[Event, ...]) -> KilledBy | None:
    finished = unix(end.finished_at) or 0.0
    for event in reversed(events):
        if event.reason != "Killing" or not _names(event, container):
            continue
        if not event.at - 1 <= finished <= event.at + KILL_SECONDS:
            continue
        for words, by in KILLERS:
            if words in event.message:
                return by
    return None


def _names(event: Event, container: str) -> bool:
    return f"{{{container}}}" in event.involved_object.field_path or f" {container} " in event.message


def _memory_limit(container: Container) -> int | None:
    limit = container.resources.limits.get("memory")
    try:
        return parse_bytes(limit) if limit is not None else None
    except ConfigurationError:
        return None
