"""Paths in values: mounts and folders of the image become folders of this machine."""

import re
from collections.abc import Mapping
from pathlib import Path

from flaskship.engines.local.resolve.context import ReplicaContext, ResolvedEnvironment
from flaskship.engines.local.resolve.expansion import expand
from flaskship.engines.local.spec import Container

_BEFORE = r"(?:(?<![^:=,;\s\"'])|(?<=//))"
_AFTER = r"(?=$|[/:,;\s\"'?#])"
_RELATIVE_SQLITE = re.compile(r"sqlite[\w+]*://$")


def mounted_at(container: Container, context: ReplicaContext, declared: Mapping[str, str]) -> dict[str, Path]:
    """Return where each mount of a container is on this machine, by its path in the container."""
    found = {}
    for mount in container.mounts:
        folder = context.volumes.get(mount.volume)
        if folder is not None:
            inside = mount.sub_path or expand(mount.sub_path_expr, declared)
            found[mount.path] = folder / inside if inside else folder
    return found


class Places:
    """Paths of a container and where they are on this machine; the longest path wins."""

    def __init__(self, container: Container, context: ReplicaContext, declared: Mapping[str, str]) -> None:
        self._local = dict(context.path_map) | mounted_at(container, context, declared)
        here = {str(context.project_root), *map(str, self._local.values())}
        self._own = tuple(path for path in here if path not in (".", "/"))
        ordered = sorted((path for path in self._local if path != "/"), key=len, reverse=True)
        choice = "|".join(re.escape(path) for path in ordered)
        self._pattern = re.compile(f"{_BEFORE}(?:{choice}){_AFTER}") if choice else None

    def rewrite(self, text: str) -> str:
        """Replace every path of the container that stands at the beginning or after a separator."""
        if self._pattern is None or "/" not in text:
            return text

        def one(match: re.Match[str]) -> str:
            rest = text[match.start() :]
            local_already = any(rest.startswith(own) for own in self._own)
            if local_already or _RELATIVE_SQLITE.search(text[: match.start()]):
                return match[0]
            return str(self._local[match[0]])

        return self._pattern.sub(one, text)

    def local(self, path: str) -> Path | None:
        """Return where a path of the container is on this machine, None where it is nowhere."""
        new = self.rewrite(path)
        return Path(new) if new != path else None


def resolve_working_dir(
    container: Container, context: ReplicaContext, environment: ResolvedEnvironment
) -> Path | None:
    """Return the local folder of workingDir, None where it is not set or is no folder of the image."""
    if container.working_dir is None:
        return None
    return Places(container, context, environment.declared).local(container.working_dir)
