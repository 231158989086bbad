"""What a release changed in one application, as paths of its values: the first is the likeliest to blame."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flaskship.model.release import Document
from flaskship.model.verdict import Cause

_SETTINGS = {
    "FEATURES": "features",
    "LOG_LEVEL": "logLevel",
    "WEBHOOK_ALLOW": "webhooks.allow",
    "GRACEFUL_TIMEOUT": "gracefulTimeoutSeconds",
}
"""Keys of the application's ConfigMap that the chart writes from a value of another name."""

_SET_BY = {path: name for name, path in _SETTINGS.items()}
_FIELDS = ("envFrom", "startupProbe", "readinessProbe", "livenessProbe", "resources")


def changed_fields(
    application: str, old: Iterable[Document], new: Iterable[Document], workload: Document, before: Document
) -> tuple[str, ...]:
    """Return the values of an application whose manifests differ, what a process starts with first."""
    now, then = main_of(workload), main_of(before)
    found = [name for name in ("command", "args") if now.get(name) != then.get(name)]
    found += [
        *changed_variables(then, now),
        *changed_settings(application, old, new),
        *changed_image(then, now),
    ]
    # The ConfigMap's name follows from what is in it, and that was compared.
    found += [name for name in _FIELDS if _apart_from_names(now, name) != _apart_from_names(then, name)]
    return tuple(found)


def changed_variables(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the values behind the variables of a container that differ."""
    return [f"env.{_key(name)}" for name in _differing(_variables(then), _variables(now))]


def changed_settings(application: str, old: Iterable[Document], new: Iterable[Document]) -> list[str]:
    """Return the values that differ of those that the chart writes into an application's ConfigMap."""
    return [
        _SETTINGS.get(name, f"config.{_key(name)}")
        for name in _differing(_settings(application, old), _settings(application, new))
        if name != "APP_ENVIRONMENT"
    ]


def changed_image(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return which parts of a container's image differ."""
    return _image(str(then.get("image")), str(now.get("image")))


def given_fields(
    application: str, documents: Iterable[Document], container: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the values behind each variable that a container of an application is given by name."""
    named = [f"env.{_key(name)}" for name in _variables(container)]
    settings = _settings(application, documents)
    return (*named, *(_SETTINGS.get(name, f"config.{_key(name)}") for name in settings))


def by_likelihood(cause: Cause, fields: Iterable[str], *, code: bool) -> tuple[str, ...]:
    """Return the fields with those first whose variable the cause speaks of; then for a failure of code the
    image that brought it.
    """
    spoken = mentioned(cause, fields)
    rest = [one for one in fields if one not in spoken]
    image = [one for one in rest if code and one.partition(".")[0] == "image"]
    return (*spoken, *image, *(one for one in rest if one not in image))


def mentioned(cause: Cause, fields: Iterable[str]) -> tuple[str, ...]:
    """Return the fields whose variable stands in the cause's message or evidence."""
    words = set(_WORD.findall("\n".join((cause.message, *cause.evidence))))
    return tuple(one for one in fields if _variable(one) in words)


def of_a_probe(cause: Cause) -> tuple[str, ...]:
    """Return what of a probe its answer speaks of, likeliest first, and below it; nothing without an answer.

    A status says that a server is there, so the path is wrong; a refusal that none is, or elsewhere; silence
    that it was asked too soon, too often or for too short a time.
    """
    probe = _PROBE.fullmatch(cause.field or "")
    answer = cause.evidence[1] if probe and len(cause.evidence) > 1 else ""
    for pattern, below in _ANSWERS:
        if pattern.search(answer):
            return tuple(one.format(probe=cause.field) for one in below)
    return ()


_PROBE = re.compile(r"probes\.(startup|readiness|liveness)")
_ANSWERS = (
    (re.compile(r"^[1-5]\d\d\b"), ("{probe}.path", "{probe}.enabled")),
    (
        re.compile(r"refused|no port of this name", re.IGNORECASE),
        ("service.targetPort", "command", "args", "{probe}.initialDelaySeconds", "{probe}.failureThreshold"),
    ),
    (
        re.compile(r"no answer within|deadline exceeded|time(d )?-?out", re.IGNORECASE),
        (
            "{probe}.timeoutSeconds",
            "{probe}.periodSeconds",
            "{probe}.failureThreshold",
            "{probe}.initialDelaySeconds",
        ),
    ),
)
"""What an answer is, and the values that such a one may blame."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _variable(field: str) -> str | None:
    kind, _, name = field.partition(".")
    return name if kind in ("env", "config") else _SET_BY.get(field)


def _image(before: str, after: str) -> list[str]:
    """Return which parts of an image's reference differ: the tag is told last, as a digest overrules it."""
    then, now = _reference(before), _reference(after)
    return [f"image.{name}" for name in ("repository", "digest", "tag") if then[name] != now[name]]


def _reference(text: str) -> dict[str, str]:
    name, _, digest = text.partition("@")
    head, slash, tail = name.rpartition("/")
    repository, _, tag = tail.partition(":")
    return {"repository": f"{head}{slash}{repository}", "tag": tag, "digest": digest}


def main_of(workload: Document) -> Mapping[str, Any]:
    """Return a workload's first container."""
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
