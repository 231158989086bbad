"""Services whose selector a cluster's controller sets: here they lead to the workload that names them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NAMED_BY = ("activeService", "previewService", "stableService", "canaryService")


def with_selectors(documents: Iterable[Any]) -> Iterator[Any]:
    """Yield the documents; a Service that a Rollout names and that has no selector gets the Rollout's."""
    known = tuple(documents)
    labels = dict(pair for one in known if _map(one).get("kind") == "Rollout" for pair in _steered_by(one))
    for one in known:
        spec = _map(_map(one).get("spec"))
        given = (
            labels.get(_name(one)) if _map(one).get("kind") == "Service" and "selector" not in spec else None
        )
        yield one if given is None else {**one, "spec": {**spec, "selector": given}}


def _name(document: Any) -> str:
    name = _map(_map(document).get("metadata")).get("name")
    return name if isinstance(name, str) else ""


def _steered_by(rollout: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    spec = _map(rollout.get("spec"))
    labels = _map(_map(spec.get("selector")).get("matchLabels"))
    for strategy in _map(spec.get("strategy")).values():
        for key in _NAMED_BY:
            service = _map(strategy).get(key)
            if labels and isinstance(service, str):
                yield service, labels


def _map(value: Any) -> Mapping[str, Any]:
    """What may be anything, as a map: what is none is wrong, and the parser says so in its own place."""
    return value if isinstance(value, Mapping) else {}
