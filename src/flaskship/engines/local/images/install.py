"""Making the virtual environment: uv where it can do what pip is configured to, else pip."""

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.diagnosis import Failure, diagnose
from flaskship.engines.local.images.errors import ImageBuildError, PreflightFailedError
from flaskship.engines.local.images.interpreter import Interpreter
from flaskship.engines.local.images.masking import mask
from flaskship.engines.local.images.pipsettings import PipSettings, read_pip_settings
from flaskship.engines.local.images.process import Job, Outcome, Runner, words
from flaskship.engines.local.images.requirements import Installation, read_requirements
from flaskship.engines.local.images.translate import pip_environment, translate_settings

Heard = Callable[[str, int | None, int | None], None]
# They would send the installer to another environment, or other modules into it.
_MISLEADING = frozenset(
    {
        "VIRTUAL_ENV",
        "PYTHONHOME",
        "PYTHONPATH",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "UV_PROJECT_ENVIRONMENT",
        "PIP_TARGET",
        "PIP_PREFIX",
    }
)
_COUNT = re.compile(r"^(Resolved|Prepared|Installed) (\d+) packages?")


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where an environment is made and with what."""

    folder: Path
    dockerfile: Path
    source: Path
    interpreter: Interpreter
    environment: Mapping[str, str]
    lock: int
    runner: Runner
    heard: Heard

    @property
    def context(self) -> Path:
        """The copy of the context that is installed from."""
        return self.folder / "context"

    @property
    def venv(self) -> Path:
        """The environment that is made."""
        return self.folder / "venv"


async def install_all(shop: Workshop, installations: tuple[Installation, ...]) -> str:
    """Make the environment and install; says which installer did it. Raises ImageBuildError."""
    base = read_pip_settings(shop.environment)
    plain = translate_settings(base, shop.environment)
    impossible = sorted(
        {
            name
            for installation in installations
            for name in translate_settings(base.merged(installation.settings), shop.environment).impossible
        }
        | set(plain.impossible)
    )
    if impossible:
        await _make_with_venv(shop)
        for installation in installations:
            await _install_with_pip(shop, installation, base.merged(installation.settings))
        return f"pip (uv has no word for its setting {', '.join(impossible)})"
    making = (_uv(), "venv", "--quiet", "--no-project", "--python", shop.interpreter.executable, shop.venv)
    await _run(shop, making, {**plain.environment, **_cache(shop)}, None)
    for installation in installations:
        await _install_with_uv(shop, installation, base.merged(installation.settings))
    return "uv"


async def precompile(shop: Workshop) -> None:
    """Compile the application once, so that no replica does at its start; files that do not compile stay."""
    python = shop.venv / "bin" / "python"
    argv = words((python, "-I", "-m", "compileall", "-q", shop.folder / "root"))
    with contextlib.suppress(OSError):
        await shop.runner(Job(argv, shop.environment, shop.folder, (shop.lock,)), lambda _: None)


def _uv() -> str:
    from uv import find_uv_bin

    try:
        return os.fspath(find_uv_bin())
    except FileNotFoundError:
        raise PreflightFailedError(
            "uv, which comes with Flaskship, is not there", hint="install Flaskship again: make up"
        ) from None


async def _install_with_uv(shop: Workshop, installation: Installation, settings: PipSettings) -> None:
    translated = translate_settings(settings, shop.environment)
    variables = {**translated.environment, **_cache(shop), "UV_COMPILE_BYTECODE": "1"}
    requirements = [shop.context / name for name in installation.requirements]
    common: list[str | Path] = [_uv(), "pip", "install", "--python", shop.venv / "bin" / "python"]
    if installation.lock is not None:
        exported = await _export_lock(shop, installation, variables)
        requirements.append(exported)
    argv = [*common, *translated.options]
    if installation.hashed:
        argv.append("--require-hashes")
    if installation.no_deps:
        argv.append("--no-deps")
    for path in requirements:
        argv.extend(("--requirements", path))
    for name in installation.constraints:
        argv.extend(("--constraints", shop.context / name))
    argv.extend(installation.packages)
    with_projects = [*argv, *(_project(shop, name) for name in installation.projects)]
    if installation.lock is None:
        await _run(shop, tuple(with_projects), variables, installation)
        return
    await _run(shop, tuple(argv), variables, installation)
    for name in installation.projects:
        if _is_package(shop.context / name):
            await _run(
                shop,
                (*common, *translated.options, "--no-deps", _project(shop, name)),
                variables,
                installation,
            )


def _is_package(folder: Path) -> bool:
    """Whether uv sync would install the project itself."""
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return False
    return re.search(r"^\[build-system\]", text, re.MULTILINE) is not None


async def _export_lock(shop: Workshop, installation: Installation, variables: Mapping[str, str]) -> Path:
    """The lock as requirements: it names the hosts it was made with, and this machine may have others."""
    exported = shop.folder / "uv-lock.txt"
    project = (shop.context / (installation.lock or "")).parent
    argv = (
        *(_uv(), "export", "--frozen", "--quiet", "--no-emit-project", "--format", "requirements-txt"),
        *("--project", str(project), "--output-file", str(exported), *installation.lock_options),
    )
    await _run(shop, argv, variables, installation)
    return exported


def _project(shop: Workshop, name: str) -> str:
    path, _, extras = name.partition("[")
    return os.fspath(shop.context / path) + (f"[{extras}" if extras else "")


async def _make_with_venv(shop: Workshop) -> None:
    await _run(shop, (shop.interpreter.executable, "-m", "venv", shop.venv), {}, None)


async def _install_with_pip(shop: Workshop, installation: Installation, settings: PipSettings) -> None:
    if installation.lock is not None:
        raise PreflightFailedError(
            "uv.lock needs uv, and pip's configuration on this machine cannot be translated to it",
            hint="remove the setting that `pip config list` shows, or set UV_DEFAULT_INDEX yourself",
        )
    argv: list[str | Path] = [shop.venv / "bin" / "python", "-m", "pip", "install"]
    if installation.hashed:
        argv.append("--require-hashes")
    if installation.no_deps:
        argv.append("--no-deps")
    for name in installation.requirements:
        argv.extend(("-r", shop.context / name))
    for name in installation.constraints:
        argv.extend(("-c", shop.context / name))
    argv.extend((*installation.packages, *(_project(shop, name) for name in installation.projects)))
    await _run(shop, tuple(argv), pip_environment(settings), installation)


def _cache(shop: Workshop) -> dict[str, str]:
    """A cache of our own where the user's cannot be written."""
    environment = shop.environment
    if environment.get("UV_CACHE_DIR"):
        return {}
    home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", ""), ".cache")
    place = Path(home, "uv")
    with contextlib.suppress(OSError):
        if place.is_absolute():
            place.mkdir(parents=True, exist_ok=True)
            if os.access(place, os.W_OK | os.X_OK):
                return {}
    return {"UV_CACHE_DIR": os.fspath(shop.folder.parent.parent / "cache" / "uv")}


async def _run(
    shop: Workshop,
    argv: tuple[str | Path, ...],
    variables: Mapping[str, str],
    installation: Installation | None,
) -> Outcome:
    total = _expected(shop, installation)

    def heard(line: str) -> None:
        count = _COUNT.match(line)
        done = int(count[2]) if count and count[1] == "Installed" else None
        shop.heard(
            mask(line.replace(str(shop.context), str(shop.source))), done, int(count[2]) if count else total
        )

    environment = {name: value for name, value in shop.environment.items() if name not in _MISLEADING}
    job = Job(words(argv), {**environment, **variables}, shop.folder, (shop.lock,))
    try:
        outcome = await shop.runner(job, heard)
    except OSError as error:
        raise PreflightFailedError(
            f"{Path(job.argv[0]).name} cannot be started: {error.strerror or error}",
            hint="flaskship doctor shows what this machine lacks",
        ) from error
    if outcome.status != 0:
        raise _error(shop, installation, outcome)
    return outcome


def _expected(shop: Workshop, installation: Installation | None) -> int | None:
    if installation is None or not installation.requirements:
        return None
    return sum(1 for name in installation.requirements for _ in read_requirements(shop.context / name))


def _error(shop: Workshop, installation: Installation | None, outcome: Outcome) -> ImageBuildError:
    files = tuple(installation.requirements) if installation is not None else ()
    return diagnose(
        Failure(
            outcome.status,
            tuple(mask(line) for line in outcome.lines),
            shop.dockerfile,
            installation.line if installation is not None else 0,
            tuple((shop.source / name, shop.context / name) for name in files),
            shop.context,
            shop.source,
        )
    )
