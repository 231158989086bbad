"""Which logs and answers a snapshot would be better for: decided before anything is asked."""

from collections.abc import Iterator
from dataclasses import dataclass

from flaskship.engines.kubernetes.observing.conditions import is_ready
from flaskship.engines.kubernetes.observing.exits import NEVER_RAN, ended_runs, last_end, last_run, runs
from flaskship.engines.kubernetes.observing.observed import AnswerKey, LogKey, Observed
from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.probes import port_number, probes_of

UNHEALTHY = "Unhealthy"
MOST_PODS = 6
"""Ten replicas fail for one reason: the newest few show it."""


@dataclass(frozen=True, slots=True)
class WantedLog:
    """The last lines of one run; previous means the run before the one that goes on."""

    key: LogKey
    pod: str
    container: str
    previous: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class WantedAnswer:
    """What a probe that fails is answered in full."""

    key: AnswerKey
    pod: str
    scheme: str
    port: int
    path: str


def wanted(observed: Observed, since: float) -> tuple[WantedLog | WantedAnswer, ...]:
    """Return what is worth asking of pods made since then that are not ready, or failed before they were."""
    unhealthy = {one.involved_object.uid for one in observed.events if one.reason == UNHEALTHY}
    waiting = [
        pod
        for pod in observed.pods
        if pod.metadata.owner_references
        and pod.metadata.created_at >= since
        and pod.metadata.deletion_timestamp is None
        and (not is_ready(pod) or any(ended_runs(status) for init, _, status in runs(pod) if not init))
    ]
    newest = sorted(waiting, key=lambda pod: -pod.metadata.created_at)[:MOST_PODS]
    return tuple(one for pod in newest for one in _of(pod, unhealthy=pod.metadata.uid in unhealthy))


def _of(pod: Pod, *, unhealthy: bool) -> Iterator[WantedLog | WantedAnswer]:
    name = pod.metadata.name
    for init, container, status in runs(pod):
        end = last_end(status)
        if end is not None and ended_runs(status) and end.reason not in NEVER_RAN:
            previous = status.state.terminated is None
            yield WantedLog(last_run(pod, status), name, status.name, previous, ended=True)
        if status.state.running is None or not (init or unhealthy):
            continue
        now = LogKey(pod.metadata.uid, status.name, status.restart_count)
        yield WantedLog(now, name, status.name, previous=False, ended=False)
        if init:
            continue
        for kind, probe in probes_of(container):
            port = port_number(container, probe.http_get.port) if probe.http_get is not None else None
            # A startup probe comes first: until it succeeds, no other is asked.
            if probe.http_get is not None and port is not None and (kind == "startup" or status.started):
                get = probe.http_get
                yield WantedAnswer(
                    AnswerKey(pod.metadata.uid, kind), name, get.scheme.lower(), port, get.path
                )
