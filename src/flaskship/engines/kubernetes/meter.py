"""Measures replicas of a cluster by its metrics API, as the autoscaler does."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.resources import Resource
from flaskship.model.errors import PreflightError
from flaskship.model.quantity import Quantity, parse_bytes
from flaskship.model.usage import Use

POD_METRICS = Resource("metrics.k8s.io/v1beta1", "PodMetrics", "pods")
LOOK_SECONDS = 15.0
"""How often metrics-server asks the nodes."""


async def measure(
    cluster: Cluster,
    namespace: str,
    containers: Mapping[str, str],
    seconds: float,
    *,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    report: Callable[[float], None] = lambda _: None,
) -> dict[str, Use]:
    """Read pod -> container for so long, at least once; the most of what was seen counts."""
    began = now()
    most: dict[str, Use] = {}
    while True:
        for pod, use in (await _look(cluster, namespace, containers)).items():
            known = most.get(pod, use)
            most[pod] = Use(max(known.cpu_milli, use.cpu_milli), max(known.memory_bytes, use.memory_bytes))
        passed = now() - began
        report(min(passed, seconds))
        if passed >= seconds:
            return most
        await sleep(min(LOOK_SECONDS, seconds - passed))


async def _look(cluster: Cluster, namespace: str, containers: Mapping[str, str]) -> dict[str, Use]:
    try:
        listed = await cluster.list(POD_METRICS, namespace)
    except NotFoundError:
        hint = "install metrics-server there, which autoscaling wants too"
        raise PreflightError("the cluster has no metrics API", hint=hint) from None
    found = {}
    for item in listed.items:
        pod = item["metadata"]["name"]
        mine: Iterable[Mapping[str, Any]] = item.get("containers") or ()
        for container in mine:
            if container["name"] == containers.get(pod):
                usage = container["usage"]
                cpu = Quantity.parse(usage["cpu"]).nano / 10**6
                found[pod] = Use(cpu, parse_bytes(usage["memory"]))
    return found
