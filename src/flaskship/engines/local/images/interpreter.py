"""Which Python runs an image: the minor that it asks for where one really runs, else ours."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from flaskship.engines.local.images.process import Job, Runner

# A Python built without one of these starts, and then fails in the middle of an application.
_PROBE = (
    "import json,sys,sysconfig,ssl,sqlite3,ctypes,zlib,venv;"
    "print(json.dumps([list(sys.version_info[:3]),sys.implementation.cache_tag,sysconfig.get_platform()]))"
)
_SHIM_SIZE = 4096
_PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that was run and answered."""

    executable: str
    version: str
    tag: str
    platform: str

    @property
    def minor(self) -> str:
        """X.Y of its version."""
        return ".".join(self.version.split(".")[:2])


def own_interpreter() -> Interpreter:
    """The Python that runs Flaskship, outside of its virtual environment."""
    import sysconfig

    executable = getattr(sys, "_base_executable", None) or sys.executable
    version = ".".join(map(str, sys.version_info[:3]))
    return Interpreter(
        os.fspath(executable), version, sys.implementation.cache_tag or "", sysconfig.get_platform()
    )


async def choose_interpreter(
    asked: str | None,
    environment: Mapping[str, str],
    cache: Path,
    runner: Runner,
    own: Interpreter | None = None,
) -> tuple[Interpreter, bool]:
    """The interpreter for `asked` (X.Y, X or None) and whether it merely stands in for it."""
    ours = own or own_interpreter()
    if asked is None:
        return ours, True
    if ours.minor == asked or asked == ours.minor.split(".")[0]:
        return ours, asked != ours.minor
    for candidate in _candidates(asked, environment):
        found = _remembered(candidate, cache) or await _probe(candidate, environment, runner)
        if found is not None and found.minor == asked:
            _remember(found, candidate, cache)
            return found, False
    return ours, True


def _candidates(asked: str, environment: Mapping[str, str]) -> Iterator[Path]:
    name = f"python{asked}"
    for folder in environment.get("PATH", "").split(os.pathsep):
        path = Path(folder, name)
        if folder and os.access(path, os.X_OK) and not _is_shim(path):
            yield path
    home = environment.get("PYENV_ROOT") or Path(environment.get("HOME", ""), ".pyenv")
    versions = Path(home, "versions")
    if "." in asked and versions.is_absolute() and os.access(versions, os.R_OK | os.X_OK):
        for folder_found in sorted(versions.glob(f"{asked}.*"), key=_patch, reverse=True):
            path = folder_found / "bin" / name
            if os.access(path, os.X_OK):
                yield path


def _patch(folder: Path) -> int:
    last = folder.name.rpartition(".")[2]
    return int(last) if last.isdigit() else -1


def _is_shim(path: Path) -> bool:
    """A script of a version switcher: it fails, slowly, unless a version was selected."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_SHIM_SIZE)
    except OSError:
        return True
    return head.startswith(b"#!") and b"pyenv" in head


async def _probe(candidate: Path, environment: Mapping[str, str], runner: Runner) -> Interpreter | None:
    job = Job((os.fspath(candidate), "-I", "-c", _PROBE), environment, Path("/"))
    try:
        outcome = await asyncio.wait_for(runner(job, lambda _: None), _PROBE_SECONDS)
        version, tag, platform = json.loads(outcome.lines[-1])
    except (OSError, TimeoutError, ValueError, IndexError, TypeError):
        return None
    if outcome.status != 0:
        return None
    return Interpreter(os.fspath(candidate), ".".join(map(str, version)), tag, platform)


def _stamp(candidate: Path) -> str:
    status = candidate.stat()
    return f"{candidate.resolve()}:{status.st_size}:{status.st_mtime_ns}"


def _remembered(candidate: Path, cache: Path) -> Interpreter | None:
    try:
        record = json.loads(cache.read_text(encoding="utf-8"))[_stamp(candidate)]
        return Interpreter(**record)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(found: Interpreter, candidate: Path, cache: Path) -> None:
    try:
        known = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    try:
        stamp = _stamp(candidate)
        if isinstance(known, dict) and stamp not in known:
            aside = cache.with_name(f"{cache.name}.{os.getpid()}")
            aside.write_text(json.dumps({**known, stamp: asdict(found)}), encoding="utf-8")
            aside.replace(cache)
    except OSError:
        return
