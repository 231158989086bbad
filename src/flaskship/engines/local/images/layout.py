"""Putting a plan's files where the Dockerfile wants them, below a folder of this machine."""

import errno
import os
import re
import shutil
from pathlib import Path

from flaskship.engines.local.images.plan import Layout

_EXECUTABLE = re.compile(r"(?:[ugoa]*)\+r?w?x")
# Some network and shared folders know no hard links, or few to one file.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV, errno.ENOSYS})
_OCTAL = re.compile(r"[0-7]{3,4}")


def lay_out(layout: Layout, folder: Path) -> None:
    """Make `root`: the image's own files (hard links to the context), folders, modes, environments."""
    root, context = folder / "root", folder / "context"
    root.mkdir()
    modes = dict(layout.modes)
    for name in layout.folders:
        _inside(root, name).mkdir(parents=True, exist_ok=True)
    for name, origin in layout.files:
        target = _inside(root, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(modes.get(name), context / origin)
        if mode is None:
            _link(context / origin, target)
        else:
            shutil.copy2(context / origin, target)
            target.chmod(mode)
    for name in layout.venvs:
        place = _inside(root, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to(os.path.relpath(folder / "venv", place.parent))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copy2(source, target, follow_symlinks=False)


def _inside(root: Path, name: str) -> Path:
    return root / name.lstrip("/")


def _mode(wanted: str | None, path: Path) -> int | None:
    if wanted is None or path.is_symlink():
        return None
    if _OCTAL.fullmatch(wanted):
        return int(wanted, 8) & 0o777 | 0o600
    return path.stat().st_mode & 0o777 | 0o111 if _EXECUTABLE.fullmatch(wanted) else None


def path_map(layout: Layout, folder: Path) -> tuple[tuple[str, Path], ...]:
    """Where the image's paths are on this machine, the longest first."""
    places = {f"{site}/bin": folder / "venv" / "bin" for site in layout.sites}
    places |= {site: folder / "venv" for site in layout.sites if site != "/usr/local"}
    places |= {root: _inside(folder / "root", root) for root in layout.roots}
    places |= dict.fromkeys(layout.venvs, folder / "venv")
    return tuple(sorted(places.items(), key=lambda item: (-len(item[0]), item[0])))


def rewrite_paths(venv: Path, built: Path, final: Path) -> None:
    """Scripts name their interpreter by its full path: give them the one that it will have."""
    old, new = os.fsencode(built), os.fsencode(final)
    for path in (*(venv / "bin").iterdir(), venv / "pyvenv.cfg"):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if old in content:
            mode = path.stat().st_mode
            path.unlink()
            path.write_bytes(content.replace(old, new))
            path.chmod(mode)
