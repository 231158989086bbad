from decimal import Decimal
from typing import Any

from flaskship.aws.cost.bill import NODES, Bill, Item, make_bill
from flaskship.aws.cost.prices import Price, Prices
from flaskship.aws.cost.share import Demand, demands, share

GIB = 2**30


def deployment(name: str, **spec: Any) -> dict[str, Any]:
    container = {
        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}},
        "env": [{"name": "DATABASE_URL_FILE"}],
    }
    template = {"spec": {"containers": [container], "initContainers": [container]}}
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def demand(name: str, cpu: int, memory: int, *, database: bool = False, exposed: bool = False) -> Demand:
    return Demand(name, 1, cpu, memory, database, exposed)


def test_what_an_application_asks_for_is_that_of_all_its_replicas() -> None:
    (found,) = demands([deployment("api", replicas=3)])
    assert found == Demand("api", 3, 750, 3 * 512 * 2**20, database=True, exposed=False)


def test_under_an_autoscaler_its_fewest_count() -> None:
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "spec": {"scaleTargetRef": {"name": "api"}, "minReplicas": 2},
    }
    assert demands([scaler, deployment("api")])[0].replicas == 2


def test_a_rollout_is_an_application_and_other_objects_are_none() -> None:
    rollout = deployment("api") | {"kind": "Rollout"}
    assert [one.name for one in demands([{"kind": "Service"}, rollout])] == ["api"]


def test_who_has_a_rule_of_the_ingress_is_exposed() -> None:
    path = {"backend": {"service": {"name": "api"}}}
    ingress = {"kind": "Ingress", "spec": {"rules": [{"http": {"paths": [path]}}]}}
    found = demands([deployment("api"), deployment("worker"), ingress])
    assert [one.exposed for one in found] == [True, False]


def bill(nodes: str = "100") -> Bill:
    """Nodes of 2 cores and 8 GiB, for so much a month."""
    return Bill(
        "dev",
        (Item("platform", "node", Decimal(1), Price(Decimal(nodes), "month"), NODES),),
        Decimal(2),
        Decimal(8),
    )


def test_the_nodes_are_parted_by_the_mean_of_cpu_and_memory() -> None:
    shares = share(bill(), [demand("api", 1000, 2 * GIB), demand("worker", 500, 0)])
    assert [part.nodes for part in shares.applications] == [Decimal("37.5"), Decimal("12.5")]
    assert shares.shared == 50
    assert shares.used == Decimal("0.75")


def test_nothing_is_lost_and_nothing_paid_twice(prices: Prices, sizes: dict[str, dict[str, Any]]) -> None:
    whole = make_bill("prod", sizes, prices, exposed=True)
    wanted = [
        demand("api", 300, GIB, database=True, exposed=True),
        demand("admin", 100, GIB, database=True, exposed=True),
        demand("worker", 100, GIB, database=True),
        demand("monitoring", 100, GIB),
    ]
    shares = share(whole, wanted)
    assert sum(part.total for part in shares.applications) + shares.shared == whole.total
    api, admin, worker, monitoring = shares.applications
    assert api.database == admin.database == worker.database == whole.of_group("database") / 3
    # Of a cent that cannot be parted nobody has more than its half: the rest is shared.
    assert 0 <= whole.of_group("load balancer") - 2 * api.load_balancer < Decimal("0.02")
    assert (worker.load_balancer, monitoring.database, monitoring.load_balancer) == (0, 0, 0)


def test_nodes_that_are_too_small_are_seen() -> None:
    assert share(bill(), [demand("api", 3000, GIB)]).used == Decimal("1.5")


def test_an_environment_without_nodes_parts_nothing() -> None:
    empty = Bill("dev", (), Decimal(0), Decimal(0))
    assert share(empty, [demand("api", 100, GIB)]).applications[0].total == 0


def secret(address: str, **more: Any) -> dict[str, Any]:
    return {"kind": "Secret", "metadata": {"name": "app-secrets"}, "stringData": {"url": address}, **more}


def by_secret() -> dict[str, Any]:
    found = deployment("api")
    reference = {"secretKeyRef": {"name": "app-secrets", "key": "url"}}
    found["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "DATABASE_URL", "valueFrom": reference}
    ]
    return found


def test_a_file_of_sqlite_is_no_database_that_is_paid_for() -> None:
    assert not demands([secret("sqlite:////data/app.db"), by_secret()])[0].database
    assert demands([secret("postgresql://host/app"), by_secret()])[0].database
    encoded = {"stringData": None, "data": {"url": "c3FsaXRlOi8vLw=="}}
    assert not demands([secret("", **encoded), by_secret()])[0].database
    # Whose address another system keeps has a database.
    assert demands([by_secret()])[0].database


def test_dev_pays_for_no_database_by_application() -> None:
    plain = deployment("api")
    plain["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "DATABASE_URL", "value": "sqlite:///x"}
    ]
    assert not demands([plain])[0].database
