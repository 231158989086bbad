"""From rendered manifests to what the engine runs, with a report on everything else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from flaskship.engines.local.manifests.kinds import kind_named
from flaskship.engines.local.manifests.selectors import with_selectors
from flaskship.engines.local.manifests.table import UNKNOWN, At, Reports, refusal
from flaskship.engines.local.manifests.workloads import Workload, with_template
from flaskship.engines.local.spec import (
    Autoscaler,
    Budget,
    Claim,
    Configuration,
    Deployment,
    ExternalSecret,
    Ingress,
    Job,
    LocalRelease,
    Service,
)
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass


@dataclass(slots=True)
class _Found:
    """What was parsed so far, by type."""

    workloads: list[Workload] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    configurations: list[Configuration] = field(default_factory=list)
    external_secrets: list[ExternalSecret] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    ingresses: list[Ingress] = field(default_factory=list)
    autoscalers: list[Autoscaler] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    priorities: dict[str, int] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        """Keep one parsed object; None is one that is not run here."""
        match value:
            case Workload():
                self.workloads.append(value)
                self.claims.extend(value.claims)
            case Job():
                self.jobs.append(value)
            case Service():
                self.services.append(value)
            case Configuration():
                self.configurations.append(value)
            case ExternalSecret():
                self.external_secrets.append(value)
            case Claim():
                self.claims.append(value)
            case Ingress():
                self.ingresses.append(value)
            case Autoscaler():
                self.autoscalers.append(value)
            case Budget():
                self.budgets.append(value)
            case (str(name), int(priority)):
                self.priorities[name] = priority


def read_release(documents: Sequence[Mapping[str, Any]]) -> LocalRelease:
    """Parse every document; ConfigurationError names the object and the field that is wrong."""
    reports = Reports()
    found = _Found()
    seen: set[tuple[str, str, str, str]] = set()
    for document in with_selectors(tuple(_flattened(documents))):
        _read(document, found, reports, seen)
    _require_distinct_node_ports(found.services)
    deployments = _resolved(found.workloads)
    _require_distinct_workloads(deployments)
    return LocalRelease(
        deployments=tuple(_scaled(deployment, found.autoscalers) for deployment in deployments),
        jobs=tuple(found.jobs),
        services=tuple(found.services),
        configurations=tuple(found.configurations),
        external_secrets=tuple(found.external_secrets),
        claims=tuple(found.claims),
        ingresses=tuple(found.ingresses),
        autoscalers=tuple(found.autoscalers),
        budgets=tuple(found.budgets),
        priorities=found.priorities,
        reports=reports.collected(),
    )


def _flattened(documents: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        if isinstance(document, Mapping) and document.get("kind") == "List":
            yield from _flattened(document.get("items") or ())
        elif document is not None:
            yield document


def _read(
    document: Mapping[str, Any], found: _Found, reports: Reports, seen: set[tuple[str, str, str, str]]
) -> None:
    api_version, kind_name, namespace, name = _identity(document)
    object_ = f"{kind_name}/{name}"
    at = At(object_, "", reports)
    kind = kind_named(api_version, kind_name)
    if kind is None:
        at.report("ignored", f"{UNKNOWN}: {api_version} {kind_name}")
        return
    if (kind.group, kind_name, namespace, name) in seen:
        raise at.child("metadata.name").error("the name is used twice in this release")
    seen.add((kind.group, kind_name, namespace, name))
    if kind.behaviour != "honoured":
        at.report(kind.behaviour, kind.note)
    if kind.record is not None:
        found.add(kind.record(document, at))


def _identity(document: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if not isinstance(document, Mapping):
        raise ConfigurationError(
            "a rendered document is no map: every manifest has apiVersion, kind, metadata"
        )
    api_version, kind = document.get("apiVersion"), document.get("kind")
    metadata = document.get("metadata")
    shown = kind if isinstance(kind, str) else "a document without kind"
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str):
        raise ConfigurationError(f"{shown}: metadata.name: is missing")
    name: str = metadata["name"]
    if not isinstance(kind, str) or not isinstance(api_version, str):
        raise ConfigurationError(f"{shown}/{name}: apiVersion and kind: both are expected")
    return api_version, kind, str(metadata.get("namespace") or ""), name


def _resolved(workloads: list[Workload]) -> list[Deployment]:
    """Give Rollouts the template that they refer to; the Deployment behind it is not run itself."""
    plain = [item.deployment for item in workloads if item.reference is None]
    sources = {found.name: found for found in plain if found.origin == "Deployment"}
    resolved = []
    for item in workloads:
        if item.reference is None:
            continue
        if item.reference not in sources:
            raise refusal(
                f"Rollout/{item.deployment.name}",
                "spec.workloadRef.name",
                f"this release has no Deployment named {item.reference!r}",
            )
        resolved.append(with_template(item, sources[item.reference]).deployment)
    referred = {item.reference for item in workloads}
    kept = [found for found in plain if found.origin != "Deployment" or found.name not in referred]
    return kept + resolved


def _require_distinct_workloads(deployments: list[Deployment]) -> None:
    origins: dict[str, str] = {}
    for deployment in deployments:
        if deployment.name in origins:
            raise refusal(
                f"{deployment.origin}/{deployment.name}",
                "metadata.name",
                f"a {origins[deployment.name]} has this name too, and replicas are named after it",
            )
        origins[deployment.name] = deployment.origin


def _require_distinct_node_ports(services: list[Service]) -> None:
    holders: dict[tuple[int, str], str] = {}
    for service in services:
        for index, port in enumerate(service.ports):
            if port.node_port is None:
                continue
            holder = holders.setdefault((port.node_port, port.protocol), service.name)
            if holder != service.name:
                raise refusal(
                    f"Service/{service.name}",
                    f"spec.ports[{index}].nodePort",
                    f"{port.node_port} belongs to Service/{holder} already",
                )


def _scaled(deployment: Deployment, autoscalers: list[Autoscaler]) -> Deployment:
    for autoscaler in autoscalers:
        if autoscaler.workload == deployment.name and deployment.replicas:
            return replace(deployment, replicas=autoscaler.rules.least)
    return deployment
