"""Whether the quotas of a namespace have room for a rollout: what its pods need at most, by pure sums."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flaskship.engines.kubernetes.quota_scopes import is_counted
from flaskship.model.errors import ConfigurationError
from flaskship.model.quantity import Quantity

Object = Mapping[str, Any]
Amounts = Mapping[str, int]
"""By the name that quotas use (pods, requests.cpu, limits.memory), in billionths."""
ENDED = frozenset({"Succeeded", "Failed"})
_ONE = 10**9
_REPLICAS = "replicas or autoscaling.minReplicas"
_FIELDS = {"pods": _REPLICAS, "count/pods": _REPLICAS}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One workload as it will be: the pod that its template makes, how many, and those that it has now."""

    name: str
    spec: Object
    pod: Object
    pods: tuple[Object, ...] = ()
    changed: bool = True
    """Whether its pods are replaced by others."""
    succeeds: bool = False
    """Whether the pods are those of a workload of another kind, which stay until this one is healthy."""

    @property
    def replicas(self) -> int:
        """How many it wants; a Job says it by its parallelism."""
        given = self.spec.get("replicas", self.spec.get("parallelism"))
        return 1 if given is None else int(given)

    @property
    def surge(self) -> int:
        """How many pods it has to add before one of the old may go: one, unless some may be missing."""
        if self.succeeds:
            return len(self.pods)
        strategy = self.spec.get("strategy") or {}
        if not self.changed or not self.pods or strategy.get("type") == "Recreate":
            return 0
        if "blueGreen" in strategy:
            return self.replicas
        rolling = strategy.get("canary", strategy.get("rollingUpdate"))
        if rolling is None:
            return 0  # a StatefulSet and a Job replace in place
        return 0 if _count(rolling.get("maxUnavailable", "25%"), self.replicas) else 1

    def most(self) -> Amounts:
        """What its pods ask for together when they are the most."""
        new, old = usage(self.pod), [usage(one) for one in self.pods]
        after = times(new, self.replicas)
        if not self.surge:
            return after
        # First all old ones are there, at last all new ones and as many as are replaced last.
        last = sorted(old, key=lambda one: sum(one.values()))[-self.surge :]
        return _greater(total((*old, times(new, self.surge))), total((after, *last)))


@dataclass(frozen=True, slots=True)
class Shortage:
    """One resource of a quota that is short, in numbers as people write them."""

    quota: str
    resource: str
    needed: str
    others: str
    allowed: str
    replacing: bool = False
    """Whether it is the pods that an update has beside the old ones that make it so many."""
    workload: str = ""
    """Whose pods ask for most of it."""

    @property
    def path(self) -> str:
        """One field of the values that asks for it."""
        return "replicas" if self.resource in _FIELDS else self.field

    @property
    def field(self) -> str:
        """The value that asks for it."""
        known = _FIELDS.get(self.resource)
        prefix = "" if self.resource.startswith(("requests.", "limits.")) else "requests."
        return known or f"resources.{prefix}{self.resource}"


def shortages(quotas: Iterable[Object], wanted: Sequence[Wanted], others: Sequence[Object]) -> list[Shortage]:
    """Return what does not fit, beside the other pods of the namespace; pods that are going make room."""
    found = []
    for quota in quotas:
        counted = [
            replace(one, pods=tuple(pod for pod in one.pods if is_counted(quota, pod)))
            for one in wanted
            if is_counted(quota, one.pod)
        ]
        beside = total(usage(one) for one in others if is_counted(quota, one))
        now = total(usage(pod) for one in counted for pod in one.pods)
        most = total(one.most() for one in counted)
        for name, hard in ((quota.get("status") or {}).get("hard") or {}).items():
            needed, used = most.get(name, 0), beside.get(name, 0)
            # Whoever asks for no more than it has is not refused, however full the namespace is.
            if needed > now.get(name, 0) and needed + used > Quantity.parse(hard).nano:
                title = str(quota["metadata"]["name"])
                figures = (_shown(name, needed), _shown(name, used), str(hard))
                largest = max(counted, key=lambda one: one.most().get(name, 0))
                found.append(Shortage(title, name, *figures, any(one.surge for one in counted), largest.name))
    return found


def usage(pod: Object) -> Amounts:
    """Return what a quota counts for one pod: its containers' sum, or an initContainer that wants more."""
    spec = pod.get("spec") or {}
    inits = spec.get("initContainers") or ()
    beside = [one for one in inits if one.get("restartPolicy") == "Always"]
    running = total(_asked(one) for one in (*(spec.get("containers") or ()), *beside))
    starting: Amounts = {}
    for one in inits:
        starting = _greater(starting, _asked(one))
    most = _greater(running, starting)
    named = {f"requests.{name}" for name in ("cpu", "memory", "ephemeral-storage")}
    short = {name.removeprefix("requests."): most[name] for name in named if name in most}
    return {**most, **short, "pods": _ONE, "count/pods": _ONE}


def times(amounts: Amounts, count: int) -> Amounts:
    """Return the same for so many pods."""
    return {name: amount * count for name, amount in amounts.items()}


def total(several: Iterable[Amounts]) -> Amounts:
    """Return the sum of several."""
    found: Counter[str] = Counter()
    for one in several:
        found.update(one)
    return found


def _asked(container: Object) -> Amounts:
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    # A limit without a request is its request too.
    asked = {"limits": limits, "requests": {**limits, **(resources.get("requests") or {})}}
    found = {}
    for kind, given in asked.items():
        for name, amount in given.items():
            try:
                found[f"{kind}.{name}"] = Quantity.parse(amount).nano
            except ConfigurationError:
                continue  # the server says so itself
    return found


def _greater(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {*one, *other}}


def _count(given: Any, replicas: int) -> int:
    text = str(given)
    # Kubernetes rounds what may be missing down.
    return math.floor(int(text[:-1]) * replicas / 100) if text.endswith("%") else int(text)


def _shown(name: str, nano: int) -> str:
    if name.endswith(("cpu", "pods")):
        return f"{-(-nano // 10**6)}m" if nano % _ONE else str(nano // _ONE)
    count = -(-nano // _ONE)
    return f"{count // 2**20}Mi" if count and not count % 2**20 else str(count)
