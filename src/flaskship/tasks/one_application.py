"""One application of an umbrella release taken from an older revision, the rest as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.named import NOTHING, Named
from flaskship.model.release import Document, Release
from flaskship.tasks.prepare import image_references
from flaskship.tasks.targets import find_application

APPLICATION = "app.kubernetes.io/name"
WORKLOADS = ("Deployment", "Rollout", "StatefulSet")


def with_application_of(newest: Release, old: Release, application: str, named: Named = NOTHING) -> Release:
    """Return the newest release with this application's objects as the old one had them.

    What the application shares with others stays: only objects that carry its label move.
    """
    find_application(newest.environment, application, applications(newest.documents))
    theirs = tuple(one for one in old.documents if application_of(one) == application)
    if not theirs:
        raise ConfigurationError(
            f"application {application} was not part of that revision of {newest.environment}",
            hint=f"see: {named.command('history', newest.environment)}",
        )
    rest = tuple(one for one in newest.documents if application_of(one) != application)
    before, now = _used(old, theirs), _used(newest, rest)
    # A tag that stood for another image then would stand for two at once.
    moved = {name: f"{name}@{one}" for name, one in before.items() if now.get(name, one) != one}
    images = {**now, **{moved.get(name, name): one for name, one in before.items()}}
    documents = (*rest, *(_renamed(one, moved) for one in theirs))
    chart = newest.chart and replace(newest.chart, mixture=True)
    return replace(newest, documents=documents, images=images, chart=chart)


def applications(documents: Iterable[Document]) -> tuple[str, ...]:
    """Return the applications that have a workload among the documents."""
    workloads = (one for one in documents if one.get("kind") in WORKLOADS)
    return tuple(dict.fromkeys(name for one in workloads if (name := application_of(one))))


def application_of(document: Document) -> str | None:
    """Return the application whose label an object carries."""
    labels: Mapping[str, Any] = (document.get("metadata") or {}).get("labels") or {}
    name = labels.get(APPLICATION)
    return str(name) if name else None


def _used(release: Release, documents: tuple[Document, ...]) -> dict[str, str]:
    return {one: release.images[one] for one in image_references(documents) if one in release.images}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """The same with other references of images; nothing else of an object is called `image`."""
    if isinstance(value, Mapping):
        return {
            key: names.get(item, item) if key == "image" and isinstance(item, str) else _renamed(item, names)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value
