"""How long after Ready a changed liveness probe has been asked for the first time: before, nobody knows it.

It is asked once in each of its periods. The first failure makes the rest be waited for; so what is waited for
here is one period, and only where the release has another probe than what ran healthily before.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flaskship.model.release import Document

KINDS = ("Deployment", "Rollout", "StatefulSet")
PERIOD = 10.0
"""Kubernetes' own, where a probe names none."""
MARGIN = 1.0
"""What a failure takes to be seen."""
LONGEST = 60.0
"""A probe that is asked less often than that is not waited for."""
Probes = dict[str, tuple[Any, ...]]


def seconds_until_asked(documents: Iterable[Document], healthy: Iterable[Document] | None) -> float:
    """Return within which time after Ready each changed liveness probe has been asked; 0 where none changed.

    healthy: what ran before; None: nothing did, and nothing is waited for that was never otherwise.
    """
    if healthy is None:
        return 0.0
    before = {_key(one): _probes(one) for one in healthy if one.get("kind") in KINDS}
    waits = [
        _seconds(probe)
        for one in documents
        if one.get("kind") in KINDS and (one.get("spec") or {}).get("replicas") != 0
        for name, (probe, *target) in _probes(one).items()
        if before.get(_key(one), {}).get(name) != (probe, *target)
    ]
    return max((one for one in waits if one <= LONGEST), default=0.0)


def _key(document: Document) -> str:
    # Not its kind: a workload that becomes one of another kind keeps its probes.
    return str((document.get("metadata") or {}).get("name"))


def _probes(document: Document) -> Probes:
    """The liveness probe of each container with what it is asked by name: a port may mean another number."""
    return {
        str(one.get("name")): (one["livenessProbe"], one.get("ports"))
        for one in _containers(document)
        if one.get("livenessProbe")
    }


def _containers(document: Document) -> Iterator[Mapping[str, Any]]:
    pod = ((document.get("spec") or {}).get("template") or {}).get("spec") or {}
    yield from pod.get("containers") or ()


def _seconds(probe: Mapping[str, Any]) -> float:
    period, delay = probe.get("periodSeconds") or PERIOD, probe.get("initialDelaySeconds") or 0
    return float(period) + float(delay) + MARGIN
