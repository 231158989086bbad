"""What a migration sees of a release, the likeliest to blame first: its initContainer and what it mounts.

It has the main container's image, variables and mounts, but neither its command nor its probes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from flaskship.model.release import Document
from flaskship.model.verdict import Cause
from flaskship.policy.entries import without_hash
from flaskship.tasks.blame import (
    by_likelihood,
    changed_image,
    changed_settings,
    changed_variables,
    given_fields,
    mentioned,
)
from flaskship.tasks.setters import pod_of

MIGRATION = "migrate"
MIGRATIONS = "migrations"
MOUNTS = "volumeMounts"
_OPEN = frozenset({MIGRATIONS, "image", "command"})
"""Fields of causes that know no better than that the migration is wrong."""
_LATE = "ProgressDeadlineExceeded"
_FILE = re.compile(r'^\s*File "(/[^"]+)", line \d+')


def is_of_a_migration(cause: Cause) -> bool:
    """Tell whether a cause is of the initContainer that migrates, and names no value of its own."""
    return cause.field in _OPEN and (cause.container == MIGRATION or cause.field == MIGRATIONS)


def migration_of(document: Document | None) -> Mapping[str, Any]:
    """Return the initContainer of a workload that migrates, empty where it has none."""
    containers = pod_of(document or {}).get("initContainers") or ()
    return next((one for one in containers if one.get("name") == MIGRATION), {})


def seen(
    cause: Cause,
    healthy: Iterable[Document],
    before: Document | None,
    new: Iterable[Document],
    document: Document,
) -> tuple[str, ...]:
    """Return what a failed migration may blame: what changed of what it sees, else what it speaks of.

    A setting that it does not speak of is named where nothing else changed; once it is late, then only.
    """
    old, new, now, then = tuple(healthy), tuple(new), migration_of(document), migration_of(before)
    name, read, late = str(cause.application), _read_by(new, now), cause.code == _LATE
    given = mentioned(cause, given_fields(name, () if late else read, now))
    if not then:
        return (*given, *_spoken_mounts(cause, now, last=True))
    own = (*_changed(then, now), *_changed_volumes(old, before or {}, new, document))
    settings = changed_settings(name, _read_by(old, then), read)
    alone = len(own) + len(settings) == 1
    spoken = () if late else mentioned(cause, settings)
    fields = (*own, *(one for one in settings if alone or one in spoken))
    if not fields:
        return given
    mounts = [one for at in _spoken_mounts(cause, now) for one in (at, *_behind(document, at)) if one in own]
    likely = by_likelihood(cause, fields, code=True)
    return tuple(dict.fromkeys((*mentioned(cause, fields), *mounts, *likely)))


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    yield from changed_image(then, now)
    yield from (one for one in ("command", "args") if then.get(one) != now.get(one))
    yield from changed_variables(then, now)
    if _sources(then) != _sources(now):
        yield "envFrom"
    known, mounts = then.get(MOUNTS) or [], now.get(MOUNTS) or []
    yield from (f"{MOUNTS}[{number}]" for number, one in enumerate(mounts) if one not in known)
    paths = {one.get("mountPath") for one in mounts}
    if any(one.get("mountPath") not in paths for one in known):
        yield MOUNTS


def _sources(container: Mapping[str, Any]) -> list[Any]:
    """What envFrom names; the chart's own ConfigMap is named after what is in it, compared as settings."""
    return [
        {**one, "configMapRef": {**ref, "name": without_hash(str(ref.get("name")))}}
        if (ref := one.get("configMapRef"))
        else one
        for one in container.get("envFrom") or ()
    ]


def _changed_volumes(
    old: Iterable[Document], before: Document, new: Iterable[Document], document: Document
) -> Iterator[str]:
    """The volumes that a migration mounts that differ, and the objects behind those and its envFrom."""
    known = {one.get("name"): one for one in pod_of(before).get("volumes") or ()}
    mounts = migration_of(document).get(MOUNTS) or ()
    for number, volume in enumerate(pod_of(document).get("volumes") or ()):
        mounted = [one for one in mounts if one.get("name") == volume.get("name")]
        if not mounted:
            continue
        if volume != known.get(volume.get("name")):
            yield f"volumes[{number}]"
            continue
        keys = {one.get("subPath") for one in mounted} if "configMap" in volume else {None}
        for kind, name in _objects_behind(volume):
            differing = _differing_keys(_content(old, kind, name), _content(new, kind, name))
            # One that mounts a single file does not see the others; named items are not followed further.
            if differing and (None in keys or differing & keys or volume["configMap"].get("items")):
                yield f"{kind}/{name}"
    for source in migration_of(document).get("envFrom") or ():
        for kind in ("ConfigMap", "Secret"):
            named = (source.get(f"{kind[0].lower()}{kind[1:]}Ref") or {}).get("name")
            if _differing_keys(_content(old, kind, named), _content(new, kind, named)):
                yield f"{kind}/{named}"


def _objects_behind(volume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
        if name := (source.get("configMap") or {}).get("name"):
            yield "ConfigMap", str(name)
        secret = source.get("secret") or {}
        if name := secret.get("secretName") or secret.get("name"):
            yield "Secret", str(name)


def _content(documents: Iterable[Document], kind: str, name: str | None) -> dict[str, Any] | None:
    for one in documents:
        if one.get("kind") == kind and (one.get("metadata") or {}).get("name") == name:
            parts = (one.get(part) or {} for part in ("binaryData", "data", "stringData"))
            return {key: value for part in parts for key, value in part.items()}
    return None


def _differing_keys(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> set[str | None]:
    """The keys that differ; of an object that one of the releases does not bring nothing is known."""
    if before is None or after is None:
        return set()
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _read_by(documents: Iterable[Document], container: Mapping[str, Any]) -> tuple[Document, ...]:
    """The ConfigMaps whose settings a container is given."""
    names = {(one.get("configMapRef") or {}).get("name") for one in container.get("envFrom") or ()}
    return tuple(
        one
        for one in documents
        if one.get("kind") == "ConfigMap" and (one.get("metadata") or {}).get("name") in names
    )


def _spoken_mounts(cause: Cause, container: Mapping[str, Any], *, last: bool = False) -> tuple[str, ...]:
    """The mounts that a traceback leads through, or ends in, the narrowest first."""
    files = [found[1] for line in cause.evidence if (found := _FILE.match(line))]
    files = files[-1:] if last else files
    mounts = [
        (-len(at.parts), f"{MOUNTS}[{number}]")
        for number, one in enumerate(container.get(MOUNTS) or ())
        if (at := PurePosixPath(str(one.get("mountPath")))) and any(_is_in(file, at) for file in files)
    ]
    return tuple(field for _, field in sorted(mounts))


def _behind(document: Document, mount: str) -> Iterator[str]:
    """The volume that a mount shows, and the objects behind it."""
    number = int(mount.removeprefix(f"{MOUNTS}[").removesuffix("]"))
    name = migration_of(document)[MOUNTS][number].get("name")
    for at, volume in enumerate(pod_of(document).get("volumes") or ()):
        if volume.get("name") == name:
            yield f"volumes[{at}]"
            yield from (f"{kind}/{one}" for kind, one in _objects_behind(volume))


def _is_in(file: str, folder: PurePosixPath) -> bool:
    return PurePosixPath(file).is_relative_to(folder)
