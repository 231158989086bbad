"""How a replica of an image is started: its argv, its environment, its paths."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from flaskship.engines.local.images.image import LocalImage

PathMap = tuple[tuple[str, Path], ...]


def resolve_command(
    image: LocalImage, command: Sequence[str] | None, args: Sequence[str] | None
) -> tuple[str, ...]:
    """Kubernetes' rule: command replaces ENTRYPOINT and drops CMD, args replace CMD; may be empty."""
    if command:
        return (*command, *(args or ()))
    entrypoint, cmd = image.entrypoint, image.cmd
    if entrypoint is not None and entrypoint.argv:
        if args:
            return (*entrypoint.argv, *args)
        # A shell-form ENTRYPOINT never sees CMD: the shell takes it for its own parameters.
        follows = cmd.argv if cmd is not None and not entrypoint.shell else ()
        return (*entrypoint.argv, *follows)
    return tuple(args) if args else (cmd.argv if cmd is not None else ())


def map_path(path_map: PathMap, text: str) -> str:
    """The text with every path of the image replaced by its place here; the longest match wins."""
    if not path_map or "/" not in text:
        return text
    places = {name: os.fspath(path) for name, path in reversed(path_map)}
    names = sorted(places, key=len, reverse=True)
    # A path starts a value or follows a separator; after sqlite:/// a fourth slash begins an absolute one.
    pattern = rf"(?:(?<=:///)|(?<![\w./~-]))({'|'.join(map(re.escape, names))})(?=$|[/:;,\s\"'?)])"
    return re.sub(pattern, lambda match: places[match[1]], text)


def map_argv(path_map: PathMap, argv: Sequence[str]) -> tuple[str, ...]:
    """Every word of a command with the image's paths replaced."""
    return tuple(map_path(path_map, word) for word in argv)


def image_environment(image: LocalImage, base: Mapping[str, str]) -> dict[str, str]:
    """The last stage's ENV over `base`; PATH leads with the virtual environment."""
    environment = dict(base)
    bin_folder = os.fspath(image.venv / "bin")
    leading = [bin_folder]
    for name, value in image.env:
        if name == "PATH":
            mapped = (map_path(image.path_map, part) for part in value.split(":"))
            leading.extend(
                part for part, original in zip(mapped, value.split(":"), strict=True) if part != original
            )
        else:
            environment[name] = map_path(image.path_map, value)
    environment["PATH"] = ":".join(dict.fromkeys((*leading, *filter(None, base.get("PATH", "").split(":")))))
    environment["VIRTUAL_ENV"] = os.fspath(image.venv)
    environment.pop("PYTHONHOME", None)
    return environment
