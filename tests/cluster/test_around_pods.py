"""What Kubernetes does around the pods of a release: admission, autoscaling, eviction, network policies."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from tests.cluster.reach import IMAGE
from tests.cluster.town import API, PATIENT, WORKER, Town

from flaskship.engines.kubernetes.failures import ForbiddenError, RefusedError
from flaskship.engines.kubernetes.resources import AUTOSCALERS, NAMESPACES, PODS
from flaskship.engines.kubernetes.transport import Object
from flaskship.verification.receipt import drive

ASK = (
    "import urllib.request as u, sys\n"
    "try: print('answered', u.urlopen(sys.argv[1], timeout=4).status)\n"
    "except Exception as error: print('refused', error)\n"
)


async def until(done: Callable[[], Awaitable[bool]], seconds: float, what: str) -> float:
    began = time.monotonic()
    while not await done():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(1)
    return time.monotonic() - began


async def pods_of(town: Town, application: str) -> list[Object]:
    selector = f"app.kubernetes.io/name={application}"
    listed = await town.cluster.list(PODS, town.namespace(), labels=selector)
    return [one for one in listed.items if not one["metadata"].get("deletionTimestamp")]


async def ready(town: Town, application: str) -> int:
    found = [one["status"].get("conditions") or () for one in await pods_of(town, application)]
    return sum(any(c["type"] == "Ready" and c["status"] == "True" for c in one) for one in found)


async def test_the_pods_fulfil_the_restricted_standard_and_others_are_refused(town: Town) -> None:
    (await town.go("deploy")).succeeded()
    labels = (await town.cluster.get(NAMESPACES, town.namespace()))["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    spec = {"containers": [{"name": "a", "image": IMAGE}]}
    with pytest.raises(ForbiddenError, match="violates PodSecurity"):
        await town.cluster.create(PODS, {"metadata": {"name": "odd"}, "spec": spec}, town.namespace())


async def test_an_autoscaler_acts_on_measured_cpu(town: Town) -> None:
    values = town.folder / "scaled.yaml"
    values.write_text(
        f"applications:\n  {API}:\n    resources: {{requests: {{cpu: 20m}}}}\n    autoscaling:\n"
        "      enabled: true\n      minReplicas: 1\n      maxReplicas: 2\n"
        "      cpu: {averageUtilization: 30}\n"
        "      behavior: {scaleUp: {stabilizationWindowSeconds: 0, "
        "policies: [{type: Pods, value: 4, periodSeconds: 15}]}}\n"
    )
    (await town.go("deploy", "dev", "-f", str(values))).succeeded()
    stop = asyncio.Event()
    driving = asyncio.ensure_future(drive(f"{await town.address()}/health", until=stop))
    try:

        async def scaled() -> bool:
            return await ready(town, API) == 2

        took = await until(scaled, 240, "a second replica")
    finally:
        stop.set()
        await driving
    found = (await town.cluster.list(AUTOSCALERS, town.namespace())).items[0]["status"]
    print(f"two replicas after {took:.0f} s: {found['currentMetrics']}")
    assert (await town.go("status")).succeeded().document["phase"] == "Healthy"
    # The next deploy leaves the number to the autoscaler.
    (await town.go("deploy", "dev", "-f", str(values), "--set", "defaults.logLevel=INFO")).succeeded()
    assert await ready(town, API) == 2


async def test_a_budget_lets_one_pod_go_at_a_time(town: Town) -> None:
    more = ("--set", f"applications.{API}.replicas=2", "--set", "defaults.pdb.enabled=true")
    (await town.go("deploy", "dev", *PATIENT, *more)).succeeded()
    first, second = await pods_of(town, API)

    async def evict(pod: Object) -> None:
        name = pod["metadata"]["name"]
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        await town.cluster.create(PODS, body, town.namespace(), name=name, sub="eviction")

    await evict(first)
    with pytest.raises(RefusedError, match="disruption budget") as refused:
        await evict(second)
    assert refused.value.answered == 429

    async def whole() -> bool:
        return await ready(town, API) == 2

    await until(whole, 90, "both replicas again")
    await evict(second)


async def test_a_network_policy_holds_both_ways(town: Town) -> None:
    # A NodePort is closed by the policy too, to this machine as to everybody: here it is opened for the
    # deploy's own question, so that the Worker is what stays closed to a stranger.
    opened = f"applications.{API}.networkPolicy.from[0].ipBlock.cidr=0.0.0.0/0"
    (await town.go("deploy", "dev", "--set", "networkPolicy.enabled=true", "--set", opened)).succeeded()
    tester = {"app.kubernetes.io/instance": "dev-apps", "app.kubernetes.io/component": "test"}
    await town.cluster.create(PODS, visitor("stranger", {}), town.namespace())
    await town.cluster.create(PODS, visitor("tester", tester), town.namespace())

    async def up() -> bool:
        pods = [await town.cluster.get(PODS, name, town.namespace()) for name in ("stranger", "tester")]
        return all(pod["status"].get("podIP") and pod["status"]["phase"] == "Running" for pod in pods)

    await until(up, 60, "the visitors")
    address = (await town.cluster.get(PODS, "stranger", town.namespace()))["status"]["podIP"]
    api = (await pods_of(town, API))[0]["metadata"]["name"]

    async def ask(pod: str, container: str, url: str) -> str:
        return await town.execute(pod, container, "python", "-c", ASK, url)

    async def tests_reach() -> bool:
        return "answered 200" in await ask("tester", "tester", f"http://{WORKER}/health")

    await until(tests_reach, 60, "the tests' way to the Worker")
    assert "refused" in await ask("stranger", "stranger", f"http://{WORKER}/health")
    assert "refused" in await ask(api, API, f"http://{address}:8000/")
    assert "answered 200" in await ask("stranger", "stranger", f"http://{address}:8000/")


def visitor(name: str, labels: dict[str, str]) -> Object:
    """A pod that serves its folder and asks others, as small as a restricted namespace takes it."""
    container = {
        "name": name,
        "image": IMAGE,
        "command": ["python", "-m", "http.server", "8000"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    secure = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"securityContext": secure, "containers": [container]}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}
