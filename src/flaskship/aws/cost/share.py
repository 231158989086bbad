"""What each application has of the bill: of the nodes by what it asks for, of the rest by who uses it."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from flaskship.aws.cost.bill import DATABASE, LOAD_BALANCER, NODES, ZERO, Bill, cents
from flaskship.model.quantity import parse_bytes, parse_cpu

GIB = 2**30
WORKLOADS = ("Deployment", "Rollout")


@dataclass(frozen=True, slots=True)
class Demand:
    """What an application asks of the cluster, all replicas together, and what it uses beside it."""

    name: str
    replicas: int
    cpu_milli: int
    memory_bytes: int
    database: bool
    exposed: bool


@dataclass(frozen=True, slots=True)
class Share:
    """An application's part of the month."""

    demand: Demand
    nodes: Decimal
    database: Decimal
    load_balancer: Decimal

    @property
    def total(self) -> Decimal:
        """What the application costs in a month."""
        return self.nodes + self.database + self.load_balancer


@dataclass(frozen=True, slots=True)
class Shares:
    """The applications' parts, and what belongs to none of them; used is the fullest of CPU and memory."""

    applications: tuple[Share, ...]
    shared: Decimal
    used: Decimal


def demands(documents: Sequence[Mapping[str, Any]]) -> tuple[Demand, ...]:
    """Read from the rendered objects what each application asks for, at its fewest replicas."""
    fewest = {
        item["spec"]["scaleTargetRef"]["name"]: item["spec"].get("minReplicas", 1)
        for item in documents
        if item["kind"] == "HorizontalPodAutoscaler"
    }
    exposed = {
        path["backend"]["service"]["name"]
        for item in documents
        if item["kind"] == "Ingress"
        for rule in item["spec"].get("rules", ())
        for path in rule["http"]["paths"]
    }
    secrets = {
        (item["metadata"]["name"], key): value
        for item in documents
        if item["kind"] == "Secret"
        for key, value in _values(item).items()
    }
    return tuple(_demand(item, fewest, exposed, secrets) for item in documents if item["kind"] in WORKLOADS)


def _values(secret: Mapping[str, Any]) -> dict[str, str]:
    encoded = {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
    return encoded | (secret.get("stringData") or {})


def _uses_database(entry: Mapping[str, Any], secrets: Mapping[tuple[str, str], str]) -> bool:
    """Tell whether a variable leads to the database of the environment: a file of SQLite is none."""
    if entry["name"] not in {"DATABASE_URL", "DATABASE_URL_FILE"}:
        return False
    named = entry.get("valueFrom", {}).get("secretKeyRef", {})
    address = entry.get("value") or secrets.get((named.get("name", ""), named.get("key", "")), "")
    return not address.startswith("sqlite")


def _demand(
    document: Mapping[str, Any],
    fewest: Mapping[str, int],
    exposed: Iterable[str],
    secrets: Mapping[tuple[str, str], str],
) -> Demand:
    name, spec = document["metadata"]["name"], document["spec"]
    replicas = int(fewest.get(name, spec.get("replicas", 1)))
    containers = spec["template"]["spec"]["containers"]
    requests = [container.get("resources", {}).get("requests", {}) for container in containers]
    variables = [entry for container in containers for entry in container.get("env", ())]
    return Demand(
        name,
        replicas,
        replicas * sum(parse_cpu(request.get("cpu", 0)) for request in requests),
        replicas * sum(parse_bytes(request.get("memory", 0)) for request in requests),
        any(_uses_database(entry, secrets) for entry in variables),
        name in exposed,
    )


def share(bill: Bill, wanted: Sequence[Demand]) -> Shares:
    """Part the bill: nodes by the mean of CPU and memory asked for, database and load balancer evenly.

    In whole cents; what is left of a cent is shared.
    """
    cpu, memory = bill.vcpu * 1000, bill.gib * GIB
    parts = [
        Share(
            demand,
            cents(bill.of_group(NODES) * (_of(demand.cpu_milli, cpu) + _of(demand.memory_bytes, memory)) / 2),
            _evenly(bill.of_group(DATABASE), demand.database, (one.database for one in wanted)),
            _evenly(bill.of_group(LOAD_BALANCER), demand.exposed, (one.exposed for one in wanted)),
        )
        for demand in wanted
    ]
    used = max(
        _of(sum(demand.cpu_milli for demand in wanted), cpu),
        _of(sum(demand.memory_bytes for demand in wanted), memory),
    )
    return Shares(tuple(parts), bill.total - sum((part.total for part in parts), ZERO), used)


def _of(part: int, whole: Decimal) -> Decimal:
    return part / whole if whole else ZERO


def _evenly(cost: Decimal, uses: bool, users: Iterator[bool]) -> Decimal:
    return cents(cost / sum(users), ROUND_DOWN) if uses else ZERO
