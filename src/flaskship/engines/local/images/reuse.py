"""An environment is made once: an image with the same packages hands its own on, file by file."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from flaskship.engines.local.images.image import LocalImage
from flaskship.engines.local.images.interpreter import Interpreter
from flaskship.engines.local.images.layout import rewrite_paths
from flaskship.engines.local.images.requirements import Installation

_NAMED_FILE = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)", re.MULTILINE)


def environment_digest(
    context: Path, installations: tuple[Installation, ...], interpreter: Interpreter
) -> str:
    """What decides an environment; empty where it holds code of the context, which has no version."""
    if any(installation.projects for installation in installations):
        return ""
    digest = hashlib.sha256(repr((interpreter, [_essence(one) for one in installations])).encode())
    for installation in installations:
        lock = (installation.lock,) if installation.lock else ()
        for name in (*installation.requirements, *installation.constraints, *lock):
            _feed(digest, context / name, frozenset())
    return digest.hexdigest()


def _essence(one: Installation) -> tuple[object, ...]:
    return (one.packages, one.lock_options, one.settings, one.hashed, one.no_deps, bool(one.lock))


def _feed(digest: "hashlib._Hash", path: Path, seen: frozenset[Path]) -> None:
    if path in seen:
        return
    try:
        content = path.read_bytes()
    except OSError:
        content = b"missing"
    digest.update(b"%d\n%s" % (len(content), content))
    for name in _NAMED_FILE.findall(content.decode(errors="replace")):
        _feed(digest, path.parent / name, seen | {path})


def take_over(donor: LocalImage, venv: Path, target: Path) -> bool:
    """Link the donor's environment here, its scripts meant for `target`; False if it has just vanished."""
    try:
        shutil.copytree(donor.venv, venv, symlinks=True, copy_function=os.link)
        rewrite_paths(venv, donor.folder, target)
    except (FileNotFoundError, shutil.Error):
        shutil.rmtree(venv, ignore_errors=True)
        return False
    return True
