"""What pip is configured to do on this machine: its files and PIP_ variables, read as pip does."""

import configparser
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.errors import ImageUnreadableError
from flaskship.model.location import Location

_SECTIONS = ("global", "install")
_MULTIPLE = frozenset(
    {"extra-index-url", "find-links", "trusted-host", "constraint", "no-binary", "only-binary"}
)


@dataclass(frozen=True, slots=True)
class PipSettings:
    """The merged settings by pip's long option names; a setting with several values has them all."""

    values: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str | None:
        """The value of a setting that has one."""
        found = self.values.get(name)
        return found[-1] if found else None

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a setting."""
        return self.values.get(name, ())

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return (self.one(name) or "").lower() in {"1", "true", "yes", "on", "y", "t"}

    def merged(self, more: Iterable[tuple[str, str]]) -> "PipSettings":
        """These settings and those of a command line, which win where there can be only one."""
        values = dict(self.values)
        for name, value in more:
            text = value or "1"
            values[name] = (*values.get(name, ()), text) if name in _MULTIPLE else (text,)
        return PipSettings(values)


def read_pip_settings(environment: Mapping[str, str], prefix: str = sys.prefix) -> PipSettings:
    """Read the files in pip's order, then the variables; raises ImageUnreadableError."""
    values: dict[str, tuple[str, ...]] = {}
    for path in config_files(environment, prefix):
        for name, text in _read_file(path):
            values[name] = _split(name, text)
    for variable, text in environment.items():
        name = variable.removeprefix("PIP_").lower().replace("_", "-")
        if variable.startswith("PIP_") and text and name not in {"config-file", "version", "help"}:
            values[_canonical(name)] = _split(name, text)
    return PipSettings(values)


def config_files(environment: Mapping[str, str], prefix: str = sys.prefix) -> tuple[Path, ...]:
    """The files that pip reads, later ones winning."""
    chosen = environment.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return ()
    home = environment.get("HOME", "")
    config_home = environment.get("XDG_CONFIG_HOME") or Path(home, ".config")
    shared = [
        Path(folder, "pip", "pip.conf")
        for folder in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    ]
    if sys.platform == "darwin":
        shared.append(Path("/Library/Application Support/pip/pip.conf"))
    user = [Path(home, ".pip", "pip.conf"), Path(config_home, "pip", "pip.conf")] if home else []
    files = [*shared, Path("/etc/pip.conf"), *user, Path(prefix, "pip.conf")]
    return tuple([*files, Path(chosen)] if chosen else files)


def _read_file(path: Path) -> list[tuple[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ImageUnreadableError(
            f"pip's configuration cannot be read: {error}", location=Location(path)
        ) from None
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or (error.errors[0][0] if getattr(error, "errors", None) else 0)  # type: ignore[attr-defined]
        # The parser's own message quotes the line, which may hold a password.
        raise ImageUnreadableError(
            "pip's configuration is not valid",
            location=Location(path, line),
            hint="`pip config debug` shows it",
        ) from None
    return [
        (_canonical(name.replace("_", "-")), value)
        for section in _SECTIONS
        if parser.has_section(section)
        for name, value in parser.items(section)
        if value
    ]


def _canonical(name: str) -> str:
    return {"default-timeout": "timeout", "constraints": "constraint"}.get(name, name)


def _split(name: str, text: str) -> tuple[str, ...]:
    return tuple(text.split()) if _canonical(name) in _MULTIPLE else (text.strip(),)
