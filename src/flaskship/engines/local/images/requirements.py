"""Which files of the context say what is to be installed, and whether they pin it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.commands import Install
from flaskship.engines.local.images.context import Context
from flaskship.engines.local.images.dockerfile import absolute
from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.engines.local.images.tree import Tree, match_sources
from flaskship.model.location import Location

_INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]*(\S+)")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class Installation:
    """One round of installing: every path is relative to the context."""

    line: int
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    lock: str | None = None
    lock_options: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    hashed: bool = False
    no_deps: bool = False


LeftOut = tuple[int, str, str]


def resolve_installs(
    installs: Iterable[tuple[Install, Tree]], context: Context, dockerfile: Path
) -> tuple[tuple[Installation, ...], list[LeftOut]]:
    """Find the files that the installs name, through the tree of their stage, in the context."""
    resolver = _Resolver(context, dockerfile)
    found = [resolver.resolve(install, tree) for install, tree in installs]
    return tuple(item for item in found if item is not None), resolver.left_out


class _Resolver:
    """Translates image paths to context paths for one Dockerfile."""

    def __init__(self, context: Context, dockerfile: Path) -> None:
        self._context = context
        self._dockerfile = dockerfile
        self._paths = [file.path for file in context.files]
        self.left_out: list[LeftOut] = []

    def resolve(self, install: Install, tree: Tree) -> Installation | None:
        mounted = _with_mounts(install, tree, self._paths)
        if install.sync:
            return self._locked(install, mounted)
        requirements = tuple(self._file(install, mounted, name) for name in install.requirements)
        constraints = tuple(self._file(install, mounted, name) for name in install.constraints)
        projects = tuple(path for name in install.paths for path in self._projects(install, mounted, name))
        if not (requirements or install.packages or projects):
            return None
        return Installation(
            install.line,
            requirements,
            constraints,
            install.packages,
            projects,
            settings=self._settings(install, mounted),
            hashed=bool(requirements)
            and not (install.packages or projects)
            and all(is_hashed(self._context.root / name) for name in requirements),
            no_deps=install.no_deps,
        )

    def _locked(self, install: Install, tree: Tree) -> Installation:
        lock = tree.files.get(absolute("uv.lock", install.folder))
        if lock is None:
            raise DockerfileInvalidError(
                "uv sync has no uv.lock in this stage",
                location=Location(self._dockerfile, install.line),
                hint="COPY pyproject.toml and uv.lock before it (and commit uv.lock)",
            )
        return Installation(
            install.line,
            projects=(lock.rpartition("/")[0],) if install.with_project else (),
            lock=lock,
            lock_options=install.sync_options,
            settings=install.settings,
            hashed=True,
        )

    def _file(self, install: Install, tree: Tree, name: str) -> str:
        path = absolute(name, install.folder)
        origin = tree.files.get(path)
        if origin is None:
            raise DockerfileInvalidError(
                f"{name} is installed, but {path} is not in this stage",
                location=Location(self._dockerfile, install.line),
                hint=f"COPY {name.rsplit('/', 1)[-1]} before this line (and leave it out of .dockerignore)",
            )
        return origin

    def _projects(self, install: Install, tree: Tree, name: str) -> list[str]:
        path, _, extras = name.partition("[")
        path = absolute(path.removeprefix("file://"), install.folder)
        suffix = f"[{extras}" if extras else ""
        for file in _PROJECT_FILES:
            origin = tree.files.get(absolute(file, path))
            if origin is not None:
                return [(origin.rpartition("/")[0] or ".") + suffix]
        matches = match_sources(path, [file[1:] for file in tree.files])
        wheels = [tree.files[f"/{match}"] for match, below in matches.items() if "" in below]
        if not wheels:
            made = any(path.startswith(site) for site in tree.sites)
            why = "the wheels that an earlier line made are installed already" if made else "nothing is there"
            self.left_out.append((install.line, f"pip install {name}", why))
        return [wheel + suffix for wheel in wheels]

    def _settings(self, install: Install, tree: Tree) -> tuple[tuple[str, str], ...]:
        kept, offline = [], False
        for name, value in install.settings:
            if name != "find-links" or "://" in value:
                offline = offline or name == "no-index"
                kept.append((name, value))
                continue
            inside = tree.under(absolute(value, install.folder))
            first = next(((below, origin) for below, origin in inside.items() if below), None)
            if first is not None:
                folder = first[1][: -len(first[0])].rstrip("/")
                kept.append((name, str(self._context.root / folder)))
        if offline and not any(name == "find-links" for name, _ in kept):
            kept = [(name, value) for name, value in kept if name != "no-index"]
            self.left_out.append(
                (install.line, "pip --no-index", "its folder of wheels is not in the context")
            )
        return tuple(kept)


def _with_mounts(install: Install, tree: Tree, paths: list[str]) -> Tree:
    binds = [mount for mount in install.mounts if mount.get("type", "bind") == "bind" and "from" not in mount]
    if not binds:
        return tree
    mounted = tree.child()
    for mount in binds:
        source = mount.get("source", mount.get("src", "."))
        target = mount.get("target", mount.get("dst", mount.get("destination", source)))
        for found in match_sources(source, paths).values():
            mounted.place(found, absolute(target, install.folder))
    return mounted


def is_hashed(path: Path) -> bool:
    """Whether every requirement of a file, and of those it includes, carries a hash."""
    requirements = list(read_requirements(path))
    return bool(requirements) and all("--hash" in text for _, _, text in requirements)


def read_requirements(path: Path, seen: frozenset[Path] = frozenset()) -> Iterable[tuple[Path, int, str]]:
    """Each requirement with its file and line; continuations joined, includes followed."""
    if path in seen:
        return
    joined, start = "", 0
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return
    for number, raw in enumerate((*lines, ""), start=1):
        start = start if joined else number
        text = re.sub(r"(^|\s)#.*$", "", raw).strip()
        joined += text.removesuffix("\\") + " "
        if text.endswith("\\"):
            continue
        requirement, joined = joined.strip(), ""
        include = _INCLUDE.match(requirement)
        if include is not None:
            yield from read_requirements(path.parent / include[1], seen | {path})
        elif requirement and not requirement.startswith("-"):
            yield path, start, requirement
