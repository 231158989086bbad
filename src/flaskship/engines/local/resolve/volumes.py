"""The folders and files that the volumes of a replica become: a plan, written elsewhere."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from flaskship.engines.local.resolve.context import ReplicaContext
from flaskship.engines.local.resolve.expansion import expand
from flaskship.engines.local.resolve.references import field_value, missing, missing_key, resource_value
from flaskship.engines.local.spec import (
    Configuration,
    FieldRef,
    Item,
    PodTemplate,
    ResourceRef,
    Volume,
    VolumeSource,
)
from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import Problem


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """One file of a volume; path is below the volume's folder."""

    path: str
    content: bytes = field(repr=False)
    mode: int


@dataclass(frozen=True, slots=True)
class VolumeFolder:
    """The local folder of one volume; published files are swapped in together, plain folders stay."""

    volume: str
    path: Path
    kind: Literal["Files", "Empty", "Claim"]
    files: tuple[VolumeFile, ...] = ()
    folders: tuple[str, ...] = ()
    """Folders below it that mounts name by subPath."""

    @property
    def version(self) -> str:
        """Return a name that changes exactly when a file does."""
        digest = hashlib.sha256()
        for item in sorted(self.files, key=lambda file: file.path):
            head = f"{item.path}\0{item.mode:o}\0{len(item.content)}\0"
            digest.update(head.encode() + item.content)
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ResolvedVolumes:
    """Every volume of a replica, or the problem that keeps it from starting."""

    folders: tuple[VolumeFolder, ...] = ()
    problem: Problem | None = None


def resolve_volumes(
    template: PodTemplate, context: ReplicaContext, declared: Mapping[str, str] | None = None
) -> ResolvedVolumes:
    """Return what to write for the volumes of a replica; declared expands subPathExpr."""
    folders = []
    for volume in template.volumes:
        path = context.volumes.get(volume.name)
        if path is None:
            continue
        folder = _folder(volume, path, template, context, declared or {})
        if isinstance(folder, Problem):
            return ResolvedVolumes(problem=folder)
        folders.append(folder)
    return ResolvedVolumes(tuple(folders))


def _folder(
    volume: Volume, path: Path, template: PodTemplate, context: ReplicaContext, declared: Mapping[str, str]
) -> VolumeFolder | Problem:
    kinds = {source.kind for source in volume.sources}
    below = tuple(dict.fromkeys(_sub_paths(volume, template, declared)))
    if kinds == {"Claim"}:
        return VolumeFolder(volume.name, path, "Claim", folders=below)
    if kinds == {"EmptyDir"}:
        return VolumeFolder(volume.name, path, "Empty", folders=below)
    files: dict[str, VolumeFile] = {}
    for source in volume.sources:
        found = _files(source, template, context, f"volumes.{volume.name}")
        if isinstance(found, Problem):
            return found
        files |= {file.path: file for file in found}
    return VolumeFolder(volume.name, path, "Files", tuple(files.values()))


def _sub_paths(volume: Volume, template: PodTemplate, declared: Mapping[str, str]) -> Iterator[str]:
    for container in (*template.init_containers, *template.containers):
        for mount in container.mounts:
            inside = mount.sub_path or expand(mount.sub_path_expr, declared)
            if mount.volume == volume.name and inside and ".." not in inside.split("/"):
                yield inside.strip("/")


def _files(
    source: VolumeSource, template: PodTemplate, context: ReplicaContext, place: str
) -> list[VolumeFile] | Problem:
    if source.kind == "DownwardAPI":
        return [_fact(path, ref, source, template, context) for path, ref in source.fields]
    held = context.configurations.get((source.kind, source.name))
    if held is None:
        return [] if source.optional else missing(source.kind, source.name, place)
    wanted = source.items
    if wanted is None:
        wanted = tuple(Item(key, key) for key in (*held.data, *held.binary))
    files = []
    for item in wanted:
        content = _content(held, item.key)
        if content is not None:
            files.append(VolumeFile(item.path, content, _mode(source, item)))
        elif not source.optional:
            return missing_key(held, item.key, place)
    return files


def _fact(
    path: str,
    ref: FieldRef | ResourceRef,
    source: VolumeSource,
    template: PodTemplate,
    context: ReplicaContext,
) -> VolumeFile:
    if isinstance(ref, FieldRef):
        text = field_value(ref, template, context)
    else:
        text = resource_value(ref, None, template, context)
    return VolumeFile(path, text.encode(), source.default_mode)


def _content(held: Configuration, key: str) -> bytes | None:
    if key in held.data:
        return held.data[key].encode()
    return held.binary.get(key)


def _mode(source: VolumeSource, item: Item) -> int:
    mode = source.default_mode if item.mode is None else item.mode
    return (mode & 0o600) | 0o400 if source.kind == "Secret" else mode
