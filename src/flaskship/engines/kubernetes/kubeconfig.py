"""The files that name clusters: which there are, and one context of them; never the current one by itself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flaskship.model.errors import PreflightError
from flaskship.model.location import Location

DEFAULT = "~/.kube/config"
FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """All files as kubectl merges them: the first to say something wins."""

    files: tuple[Path, ...]
    clusters: Mapping[str, Mapping[str, Any]]
    users: Mapping[str, Mapping[str, Any]]
    contexts: Mapping[str, Mapping[str, Any]]
    current: str | None = None


def read_kubeconfig(files: str | None = None) -> Kubeconfig:
    """Read the files that KUBECONFIG names, else the default one; PreflightError where there is none."""
    named = files or os.environ.get("KUBECONFIG") or DEFAULT
    paths = tuple(Path(part).expanduser() for part in named.split(os.pathsep) if part)
    found = tuple(path for path in paths if path.is_file())
    if not found:
        raise PreflightError(
            f"there is no kubeconfig at {os.pathsep.join(map(str, paths))}",
            hint="set KUBECONFIG to the file that names the cluster",
        )
    merged: dict[str, dict[str, Mapping[str, Any]]] = {"clusters": {}, "users": {}, "contexts": {}}
    current = None
    for path in found:
        content = _content(path)
        current = current or content.get("current-context") or None
        for section, key in (("clusters", "cluster"), ("users", "user"), ("contexts", "context")):
            for entry in content.get(section) or ():
                if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
                    raise PreflightError(f"an entry of {section} has no name", location=Location(path))
                merged[section].setdefault(entry["name"], _absolute(entry.get(key) or {}, path.parent))
    return Kubeconfig(found, merged["clusters"], merged["users"], merged["contexts"], current)


def context_of(
    config: Kubeconfig, name: str
) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """Return a context with its cluster and its user; PreflightError names what there is instead."""
    where = ", ".join(map(str, config.files))
    if name not in config.contexts:
        known = ", ".join(sorted(config.contexts)) or "none"
        raise PreflightError(
            f"the kubeconfig ({where}) has no context {name!r}",
            hint=f"it has: {known}; name one with --context",
        )
    context = config.contexts[name]
    for section, known_ones in (("cluster", config.clusters), ("user", config.users)):
        if context.get(section) and context[section] not in known_ones:
            raise PreflightError(
                f"context {name} names the {section} {context[section]!r}, which {where} lacks",
                hint="repair the file, or name another context with --context",
            )
    if not context.get("cluster"):
        raise PreflightError(f"context {name} of {where} names no cluster", hint="repair the file")
    return context, config.clusters[context["cluster"]], config.users.get(context.get("user") or "", {})


def _content(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PreflightError(f"the kubeconfig cannot be read: {error}", location=Location(path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        # The text around the mistake may hold a token: it is not shown.
        raise PreflightError("the kubeconfig is not valid YAML", location=Location(path, line)) from None
    if not isinstance(content, Mapping):
        raise PreflightError("the kubeconfig is not a map of keys", location=Location(path))
    return content


def _absolute(entry: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Paths of a kubeconfig are relative to its own folder."""
    changed = {key: str(folder / entry[key]) for key in FILES if entry.get(key)}
    command = (entry.get("exec") or {}).get("command") or ""
    if os.sep in command and not Path(command).is_absolute():
        return {**entry, **changed, "exec": {**entry["exec"], "command": str(folder / command)}}
    return {**entry, **changed}
