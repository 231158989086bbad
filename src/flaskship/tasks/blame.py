"""What a release changed in one application, as paths of its values: the first is the likeliest to blame."""

from collections.abc import Iterable, Mapping
from typing import Any

from flaskship.model.release import Document

_SETTINGS = {
    "FEATURES": "features",
    "LOG_LEVEL": "logLevel",
    "WEBHOOK_ALLOW": "webhooks.allow",
    "GRACEFUL_TIMEOUT": "gracefulTimeoutSeconds",
}
"""Keys of the application's ConfigMap that the chart writes from a value of another name."""

_FIELDS = ("image", "envFrom", "startupProbe", "readinessProbe", "livenessProbe", "resources")


def changed_fields(
    application: str, old: Iterable[Document], new: Iterable[Document], workload: Document, before: Document
) -> tuple[str, ...]:
    """Return the values of an application whose manifests differ, what a process starts with first."""
    now, then = _main(workload), _main(before)
    found = [name for name in ("command", "args") if now.get(name) != then.get(name)]
    found += [f"env.{_key(name)}" for name in _differing(_variables(then), _variables(now))]
    found += [
        _SETTINGS.get(name, f"config.{_key(name)}")
        for name in _differing(_settings(application, old), _settings(application, new))
        if name != "APP_ENVIRONMENT"
    ]
    # The ConfigMap's name follows from what is in it, and that was compared.
    found += [name for name in _FIELDS if _apart_from_names(now, name) != _apart_from_names(then, name)]
    return tuple(found)


def _main(workload: Document) -> Mapping[str, Any]:
    pod = ((workload.get("spec") or {}).get("template") or {}).get("spec") or {}
    containers = pod.get("containers") or [{}]
    first: Mapping[str, Any] = containers[0]
    return first


def _variables(container: Mapping[str, Any]) -> dict[str, Any]:
    return {str(one.get("name")): one for one in container.get("env") or ()}


def _settings(application: str, documents: Iterable[Document]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for document in documents:
        labels = (document.get("metadata") or {}).get("labels") or {}
        if document.get("kind") == "ConfigMap" and labels.get("app.kubernetes.io/name") == application:
            found.update(document.get("data") or {})
    return found


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]


def _apart_from_names(container: Mapping[str, Any], name: str) -> Any:
    value = container.get(name)
    if name == "envFrom":
        return [one for one in value or () if "configMapRef" not in one]
    return value


def _key(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")
