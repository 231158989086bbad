"""Which pods a quota counts: those that fulfil all of its scopes, each as Kubernetes documents it."""

from collections.abc import Iterator, Mapping
from typing import Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.quantity import Quantity

Object = Mapping[str, Any]
_EFFORT = ("cpu", "memory")
"""What makes a pod more than best effort; other resources do not."""
_EXISTS: Object = {"operator": "Exists"}


def is_counted(quota: Object, pod: Object) -> bool:
    """Tell whether a quota counts the pod; a scope that is not of pods counts none."""
    spec = pod.get("spec") or {}
    return all(_fulfils(spec, scope, asked) for scope, asked in _scopes(quota))


def _scopes(quota: Object) -> Iterator[tuple[str, Object]]:
    spec = quota.get("spec") or {}
    yield from ((str(one), _EXISTS) for one in spec.get("scopes") or ())
    for one in (spec.get("scopeSelector") or {}).get("matchExpressions") or ():
        yield str(one.get("scopeName")), one


def _fulfils(spec: Object, scope: str, asked: Object) -> bool:
    match scope:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return not _asks_for_something(spec)
        case "NotBestEffort":
            return _asks_for_something(spec)
        case "PriorityClass":
            return _selects(asked, str(spec.get("priorityClassName") or ""))
        case "CrossNamespacePodAffinity":
            return any(_crosses(term) for term in _affinity_terms(spec.get("affinity") or {}))
        case _:
            return False


def _selects(asked: Object, name: str) -> bool:
    """Whether a pod of this PriorityClass, or of none, is selected."""
    values = asked.get("values") or ()
    match asked.get("operator"):
        case "Exists":
            return bool(name)
        case "DoesNotExist":
            return not name
        case "In":
            return bool(name) and name in values
        case "NotIn":
            return name not in values  # one without a class is none of them
        case _:
            return False


def _asks_for_something(spec: Object) -> bool:
    holders = [spec, *(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    given = [
        (one.get("resources") or {}).get(kind) or {} for one in holders for kind in ("requests", "limits")
    ]
    return any(_is_something(one.get(name)) for one in given for name in _EFFORT)


def _is_something(amount: Any) -> bool:
    try:
        return amount is not None and Quantity.parse(amount).nano > 0
    except ConfigurationError:
        return False  # the server says so itself


def _affinity_terms(affinity: Object) -> Iterator[Object]:
    for kind in ("podAffinity", "podAntiAffinity"):
        given = affinity.get(kind) or {}
        yield from given.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in given.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}


def _crosses(term: Object) -> bool:
    return bool(term.get("namespaces")) or term.get("namespaceSelector") is not None
