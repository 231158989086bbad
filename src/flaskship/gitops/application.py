"""What Argo CD says of an environment: read from its Application object, judged purely."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.model.project import Environment

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sync:
    """Whether Argo CD has applied a commit, and how what it applied is."""

    application: str
    status: str
    """Synced, OutOfSync or Unknown."""
    health: str
    revision: str | None = None
    message: str = ""

    def reached(self, commit: str) -> bool:
        """Whether exactly this commit is applied and healthy."""
        return self.status == "Synced" and self.health == "Healthy" and self.revision == commit

    def __str__(self) -> str:
        at = f" at {self.revision[:12]}" if self.revision else ""
        return f"{self.application}: {self.status}{at}, {self.health}" + (
            f": {self.message}" if self.message else ""
        )


def application_of(environment: Environment, applications: Iterable[Object]) -> Object | None:
    """Return the Application of an environment: by its namespace, and by its release among several."""
    there = [
        one
        for one in applications
        if ((one.get("spec") or {}).get("destination") or {}).get("namespace") == environment.namespace
    ]
    named = [one for one in there if environment.release in _releases(one)]
    found = named or there
    return found[0] if len(found) == 1 else None


def sync_of(application: Object) -> Sync:
    """Return the state of an Application; what it does not say is Unknown."""
    status = application.get("status") or {}
    sync, health = status.get("sync") or {}, status.get("health") or {}
    operation = status.get("operationState") or {}
    failed = operation.get("phase") in ("Failed", "Error")
    conditions = [one for one in status.get("conditions") or () if str(one.get("type", "")).endswith("Error")]
    said = [str(one.get("message", "")) for one in conditions]
    if failed:
        said.append(str(operation.get("message", "")))
    return Sync(
        str((application.get("metadata") or {}).get("name", "")),
        str(sync.get("status") or "Unknown"),
        str(health.get("status") or "Unknown"),
        _revision(sync),
        "; ".join(message for message in said if message) or str(health.get("message") or ""),
    )


def _revision(sync: Mapping[str, Any]) -> str | None:
    """The commit that is applied; the first of several sources is the chart's."""
    revision = sync.get("revision") or next(iter(sync.get("revisions") or ()), None)
    return str(revision) if revision else None


def _releases(application: Object) -> set[str]:
    spec = application.get("spec") or {}
    sources = [spec.get("source") or {}, *(spec.get("sources") or ())]
    helm = [source.get("helm") or {} for source in sources]
    return {str(one["releaseName"]) for one in helm if one.get("releaseName")}
