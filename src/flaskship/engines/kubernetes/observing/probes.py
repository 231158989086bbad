"""The probes of a pod that fail, read from the kubelet's events."""

import re
from collections.abc import Iterator

from flaskship.engines.kubernetes.observing.conditions import changed_at, condition, is_ready, was_ready
from flaskship.engines.kubernetes.observing.exits import last_end, runs
from flaskship.engines.kubernetes.observing.observed import AnswerKey, Evidence
from flaskship.engines.kubernetes.observing.pods import Container, ContainerStatus, Pod, Port, Probe
from flaskship.engines.kubernetes.observing.rows import row, told
from flaskship.engines.kubernetes.observing.shape import unix
from flaskship.engines.kubernetes.observing.surroundings import Event
from flaskship.model.snapshot import ProbeFailure

_REQUEST = re.compile(r'(?:Get|Head) "(?P<url>[^"]+)": (?P<answer>.*)', re.DOTALL)
_STATUS = re.compile(r"HTTP probe failed with statuscode: (\d+)(.*)", re.DOTALL)
SLACK = 1.0
TOLD_LATE = 2.0
"""An event has whole seconds, and comes a moment after what it tells."""


def failures_of(
    pod: Pod, events: tuple[Event, ...], evidence: Evidence, now: float
) -> tuple[ProbeFailure, ...]:
    """Return the failing probes of a pod; what an earlier run failed at is forgotten.

    Of a ready one it is liveness alone that fails beside: until the next probe would have told again.
    """
    if is_ready(pod):
        return tuple(_failing_beside(pod, events, evidence, now))
    return tuple(
        failure
        for init, container, status in runs(pod)
        if not init
        for kind, probe in probes_of(container)
        if (failure := _failure(pod, container, status, kind, probe, events, evidence)) is not None
    )


def _failing_beside(
    pod: Pod, events: tuple[Event, ...], evidence: Evidence, now: float
) -> Iterator[ProbeFailure]:
    for init, container, status in runs(pod):
        probe = container.liveness_probe
        if init or probe is None:
            continue
        found = _failure(pod, container, status, "liveness", probe, events, evidence)
        lasts = probe.period_seconds + probe.timeout_seconds + TOLD_LATE
        if found is not None and now - found.at <= lasts:
            yield found


def probes_of(container: Container) -> Iterator[tuple[str, Probe]]:
    """Yield the probes that a container has, in the order in which they are asked."""
    for kind, probe in (
        ("startup", container.startup_probe),
        ("readiness", container.readiness_probe),
        ("liveness", container.liveness_probe),
    ):
        if probe is not None:
            yield kind, probe


def port_number(container: Container, port: Port) -> int | None:
    """Return the number of a port that a probe may name."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    return next((one.container_port for one in container.ports if one.name == port), None)


def _failure(
    pod: Pod,
    container: Container,
    status: ContainerStatus,
    kind: str,
    probe: Probe,
    events: tuple[Event, ...],
    evidence: Evidence,
) -> ProbeFailure | None:
    if kind == "startup" and status.started:
        return None
    began = _since(pod, status, kind)
    # One that is ready has outlived what an earlier run was ended for.
    killed = _killed(container.name, kind, events, began if is_ready(pod) else 0.0)
    # The kubelet writes a failure down a moment after it has acted on it: any run's will do.
    since = pod.metadata.created_at if killed else began
    found = [
        said
        for event in events
        if event.reason == "Unhealthy"
        and f"{{{container.name}}}" in event.involved_object.field_path
        and event.at >= since - SLACK
        and (said := told(event)) is not None
        and said.kind == kind
    ]
    if not found:
        return None
    latest = max(found, key=lambda one: one.order)
    request, answer = _words(pod, container, probe, latest.words)
    failed = row(found, since, probe)
    count = failed.count
    if killed:
        count = probe.failure_threshold
    elif kind == "readiness" and was_ready(pod):
        count = max(count, probe.failure_threshold)
    return ProbeFailure(
        probe=kind,
        at=latest.event.at,
        consecutive=count,
        threshold=probe.failure_threshold,
        request=request,
        answer=_fuller(evidence.answers.get(AnswerKey(pod.metadata.uid, kind)), answer, latest.status),
        status=latest.status,
        alike=failed.alike,
        after_startup=container.startup_probe is not None and status.started,
        period=float(probe.period_seconds),
    )


def _fuller(asked: str | None, said: str, status: int | None) -> str:
    """Return what the pod answered us, unless it answers us otherwise than it did the kubelet."""
    return asked if asked is not None and (status is None or asked.startswith(str(status))) else said


def _killed(container: str, kind: str, events: tuple[Event, ...], since: float) -> bool:
    """Tell whether this probe has had the container ended since then: it was at its threshold."""
    words = f"failed {kind} probe"
    return any(
        event.reason == "Killing"
        and container in event.message
        and words in event.message
        and event.at >= since
        for event in events
    )


def _since(pod: Pod, status: ContainerStatus, kind: str) -> float:
    """Return since when failures are in a row: the run's start, or when readiness was lost."""
    end = last_end(status)
    running = status.state.running
    started = unix(running.started_at) if running else unix(end.started_at) if end else None
    if kind == "readiness" and was_ready(pod) and running is not None:
        lost = changed_at(condition(pod.status.conditions, "Ready"))
        # The condition changes at the last failure of the row that reached the threshold.
        return max(started or 0.0, lost - SLACK)
    return started or pod.metadata.created_at


def _words(pod: Pod, container: Container, probe: Probe, said: str) -> tuple[str, str]:
    said = said.strip()
    asked = _request(pod, container, probe)
    if found := _REQUEST.match(said):
        return f"GET {found['url']}", found["answer"].strip()
    if found := _STATUS.match(said):
        return asked, f"{found[1]}{found[2]}".strip()
    return asked, said or "no answer"


def _request(pod: Pod, container: Container, probe: Probe) -> str:
    host = pod.status.pod_ip or "the pod"
    if (get := probe.http_get) is not None:
        number = port_number(container, get.port)
        path = get.path if get.path.startswith("/") else f"/{get.path}"
        return f"GET {get.scheme.lower()}://{host}:{number or get.port}{path}"
    if (tcp := probe.tcp_socket) is not None:
        return f"tcp {host}:{port_number(container, tcp.port) or tcp.port}"
    if probe.grpc is not None:
        return f"grpc {host}:{probe.grpc.port}"
    return "exec " + " ".join(probe.exec.command if probe.exec else ())
