"""Traffic: through the address that users take, until the move is over."""

from dataclasses import replace

import pytest
from tests.contract.documents import deployment, service
from tests.contract.world import IMAGE, Stage, Told

from flaskship.model.release import Document
from flaskship.model.snapshot import Phase, Snapshot, WorkloadSnapshot
from flaskship.model.verdict import Receipt
from flaskship.tasks.deploy import deploy
from flaskship.tasks.prepare import Wish
from flaskship.tasks.traffic import route, traffic_through

WEB = WorkloadSnapshot(
    "web", "web", "Deployment", Phase.HEALTHY, IMAGE, 1, 1, 1, 1, "t", endpoints=("http://127.1.1.1",)
)
DOCUMENTS = (deployment("web", IMAGE, ready_path="/well"),)


def seen(*workloads: WorkloadSnapshot) -> Snapshot:
    return Snapshot("dev", "local", "n", 0.0, Phase.HEALTHY, workloads=workloads)


@pytest.mark.parametrize(
    ("workload", "url"),
    [
        (WEB, "http://127.1.1.1/well"),
        (
            replace(WEB, endpoints=("http://127.1.1.1", "http://localhost:30080")),
            "http://localhost:30080/well",
        ),
        (replace(WEB, endpoints=("tcp://127.1.1.1:5432",)), None),
        (replace(WEB, endpoints=()), None),
        (replace(WEB, phase=Phase.PROGRESSING), "http://127.1.1.1/well"),
        (replace(WEB, phase=Phase.DEGRADED), "http://127.1.1.1/well"),
        (replace(WEB, ready=0), None),
        (replace(WEB, name="taken-away"), None),
    ],
)
def test_the_route_is_that_of_users_to_what_serves_and_stays(
    workload: WorkloadSnapshot, url: str | None
) -> None:
    assert route(seen(workload), (*DOCUMENTS, service("web", node_port=30080))) == url


BOTH = replace(WEB, endpoints=("http://127.1.1.1", "http://localhost:30080"))
KEPT, CLOSED = "http://localhost:30080/well", "http://127.1.1.1/well"


@pytest.mark.parametrize(
    ("services", "url"),
    [
        ((service("web", node_port=30080),), KEPT),
        ((service("web", node_port=30081),), CLOSED),
        ((service("web"),), CLOSED),
        ((service("web", node_port=30081), service("other", node_port=30080)), CLOSED),  # they swap
        ((service("other", node_port=30081), service("web", node_port=30080)), KEPT),
    ],
)
def test_a_node_port_that_the_release_closes_is_nobodys_route(
    services: tuple[Document, ...], url: str
) -> None:
    """Kubernetes closes it as well: what is asked there afterwards is not lost by the rollout."""
    assert route(seen(BOTH), (*DOCUMENTS, *services)) == url


def test_a_forwarded_port_of_a_cluster_is_no_node_port() -> None:
    cluster = replace(seen(BOTH), engine="kubernetes")
    assert route(cluster, (*DOCUMENTS, service("web", node_port=30081))) == KEPT


def test_the_ingress_of_this_machine_is_no_node_port() -> None:
    workload = replace(WEB, endpoints=("http://127.1.1.1", "http://localhost:45123"))
    assert route(seen(workload), (*DOCUMENTS, service("web"))) == "http://localhost:45123/well"


def test_traffic_asks_where_a_replica_that_drains_answers_as_ever() -> None:
    """Its readiness says 503 by then to whoever still has a connection: no request of a user is lost."""
    (document,) = DOCUMENTS
    (container,) = document["spec"]["template"]["spec"]["containers"]
    both = {**container, "livenessProbe": {"httpGet": {"path": "/health", "port": 5000}}}
    pod = {**document["spec"]["template"], "spec": {"containers": [both]}}
    probed = {**document, "spec": {**document["spec"], "template": pod}}
    assert route(seen(WEB), (probed,)) == "http://127.1.1.1/health"


def test_the_first_of_several_is_taken() -> None:
    other = replace(WEB, name="other", endpoints=("http://localhost:1", "http://localhost:2"))
    documents = (*DOCUMENTS, deployment("other", IMAGE, ready_path="/"))
    assert route(seen(WEB, other), documents) == "http://localhost:1/"
    # What is healthy comes before what is under way, even where users go there.
    assert route(seen(WEB, replace(other, phase=Phase.PROGRESSING)), documents) == "http://127.1.1.1/well"


async def test_a_receipt_without_a_request_is_none_with_a_reason() -> None:
    stage = Stage()

    async def nothing(url: str, until: object) -> Receipt:
        return Receipt(0, 0, 0.0, 0.0, 0.0)

    world = replace(stage.world(), drive=nothing)
    async with traffic_through(world, seen(WEB), DOCUMENTS) as traffic:
        pass
    assert traffic.receipt is None
    assert traffic.reason == "it was over before a request was sent"


async def test_traffic_ends_when_what_it_accompanies_fails() -> None:
    stage = Stage()
    with pytest.raises(ValueError, match="broken"):
        async with traffic_through(stage.world(), seen(WEB), DOCUMENTS):
            raise ValueError("broken")
    import asyncio

    assert len(asyncio.all_tasks()) == 1


async def test_traffic_that_cannot_be_driven_fails_no_deploy() -> None:
    stage = Stage()

    async def refused(url: str, until: object) -> Receipt:
        raise OSError("too many open files")

    await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), Wish(), Told())
    world = replace(stage.world(), drive=refused)
    moved = await deploy(world, stage.project, stage.environment(), stage.engine(), Wish(), Told())
    assert moved.successful
    assert moved.move.receipt is None
    assert moved.move.receipt_reason == "traffic could not be driven: too many open files"


@pytest.mark.parametrize(
    ("workloads", "reason"),
    [
        ((), "no application answered HTTP before"),
        ((replace(WEB, ready=0, phase=Phase.DEGRADED),), "no application answered HTTP before"),
        ((replace(WEB, endpoints=()),), "no application answered HTTP before"),
        ((replace(WEB, name="taken-away"),), "this release takes away whatever answered HTTP before"),
    ],
)
async def test_why_no_traffic_was_driven_is_what_was_seen(
    workloads: tuple[WorkloadSnapshot, ...], reason: str
) -> None:
    async with traffic_through(Stage().world(), seen(*workloads), DOCUMENTS) as traffic:
        pass
    assert (traffic.receipt, traffic.reason) == (None, reason)


async def test_a_bound_on_lost_requests_that_judged_nothing_is_told() -> None:
    stage, told = Stage(), Told()
    wish = Wish(max_failed=0)
    first = await deploy(stage.world(), stage.project, stage.environment(), stage.engine(), wish, told)
    assert first.move.receipt is None
    assert [line for line in told.warnings if "--max-failed judged nothing: no traffic was driven" in line]
