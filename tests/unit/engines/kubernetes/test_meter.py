from collections.abc import Sequence
from typing import Any

import pytest

from flaskship.engines.kubernetes.client import Cluster, Listed
from flaskship.engines.kubernetes.failures import NotFoundError
from flaskship.engines.kubernetes.meter import measure
from flaskship.model.errors import PreflightError
from flaskship.model.usage import Use

CONTAINERS = {"api-1": "api"}


def metrics(pod: str, **containers: tuple[str, str]) -> dict[str, Any]:
    listed = [
        {"name": name, "usage": {"cpu": cpu, "memory": memory}} for name, (cpu, memory) in containers.items()
    ]
    return {"metadata": {"name": pod}, "containers": listed}


class Answers(Cluster):
    """A cluster that has only the metrics API, and answers in turn."""

    def __init__(self, *answers: Sequence[dict[str, Any]]) -> None:
        self.answers = list(answers)

    async def list(self, resource: Any, namespace: str | None = None, **_: Any) -> Listed:
        assert (resource.path(namespace), namespace) == (
            "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods",
            "shop",
        )
        if not self.answers:
            raise NotFoundError("no such resource")
        return Listed(tuple(self.answers.pop(0)), "")


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


async def look(cluster: Cluster, seconds: float) -> dict[str, Use]:
    clock = Clock()
    return await measure(cluster, "shop", CONTAINERS, seconds, now=clock.now, sleep=clock.sleep)


async def test_the_main_container_of_the_pods_that_are_meant() -> None:
    cluster = Answers(
        [
            metrics("api-1", api=("12500000n", "64Mi"), proxy=("1", "1Gi")),
            metrics("other-1", api=("2", "1Gi")),
        ],
    )
    cluster.answers.append([])
    assert await look(cluster, 1) == {"api-1": Use(12.5, 64 * 2**20)}


async def test_the_most_of_all_looks_counts_for_each_resource_alone() -> None:
    cluster = Answers(
        [metrics("api-1", api=("10m", "64Mi"))],
        [metrics("api-1", api=("90m", "32Mi"))],
        [metrics("api-1", api=("20m", "48Mi"))],
    )
    assert await look(cluster, 30) == {"api-1": Use(90.0, 64 * 2**20)}
    assert cluster.answers == []


async def test_a_cluster_without_metrics_says_what_to_install() -> None:
    with pytest.raises(PreflightError, match="no metrics API") as caught:
        await look(Answers(), 1)
    assert caught.value.hint
    assert "metrics-server" in caught.value.hint
