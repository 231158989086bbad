"""Writes the folders of volumes; a changed set of files is swapped in as one, as a kubelet does."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from flaskship.engines.local.resolve.volumes import VolumeFolder

_CURRENT = "..data"
_NEXT = "..data_next"


def write_volumes(folders: Iterable[VolumeFolder]) -> None:
    """Make every folder be as planned; what a running replica reads is never half written."""
    for folder in folders:
        _private_folder(folder.path)
        for below in folder.folders:
            _private_folder(folder.path / below)
        if folder.kind == "Files":
            _publish(folder)


def _publish(folder: VolumeFolder) -> None:
    """Write the files beside the current ones, swap one symbolic link, then remove the old ones."""
    root, version = folder.path, f"..{folder.version}"
    if not _is_current(root, version):
        _write_version(root / version, folder)
        _swap(root, version)
    _link_names(folder)
    for old in root.glob("..*"):
        if old.name not in (_CURRENT, version):
            _remove(old)


def _is_current(root: Path, version: str) -> bool:
    current = root / _CURRENT
    return current.is_symlink() and str(current.readlink()) == version and (root / version).is_dir()


def _write_version(place: Path, folder: VolumeFolder) -> None:
    _remove(place)
    _private_folder(place)
    for file in folder.files:
        target = place / file.path
        _private_folder(target.parent)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
            os.fchmod(stream.fileno(), file.mode)


def _swap(root: Path, version: str) -> None:
    beside = root / _NEXT
    beside.unlink(missing_ok=True)
    beside.symlink_to(version)
    beside.replace(root / _CURRENT)


def _link_names(folder: VolumeFolder) -> None:
    wanted = {file.path.split("/")[0] for file in folder.files}
    for name in wanted:
        link, target = folder.path / name, f"{_CURRENT}/{name}"
        if link.is_symlink() and str(link.readlink()) == target:
            continue
        _remove(link)
        link.symlink_to(target)
    for entry in folder.path.iterdir():
        if not entry.name.startswith("..") and entry.name not in wanted:
            _remove(entry)


def _private_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
