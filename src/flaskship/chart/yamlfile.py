"""YAML files as text, as a node tree, and as lines: which line set which path."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

KeyPath = tuple[str | int, ...]

LARGEST_FILE = 4 << 20
MOST_NODES = 200_000
DEEPEST = 100
_TOO_DEEP = re.compile(rf"(?:[\[{{]\s*(?:[\w\"'.-]+\s*:\s*)?){{{DEEPEST + 1}}}")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The text of a file with the line on which each of its paths stands."""

    path: Path
    text: str
    lines: Mapping[KeyPath, int]

    def location(self, path: KeyPath) -> Location:
        """The line of a path, or of the nearest ancestor that has one."""
        for end in range(len(path), 0, -1):
            if line := self.lines.get(path[:end]):
                return Location(self.path, line)
        return Location(self.path)


def read_yaml(path: Path) -> YamlFile:
    """Read and index one YAML document; whatever is wrong with it is a ConfigurationError with its line."""
    text = _read_text(path)
    return YamlFile(path, text, _lines(text, path))


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigurationError(f"larger than {LARGEST_FILE >> 20} MiB", location=Location(path))
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError("there is no such file", location=Location(path)) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigurationError("not UTF-8 text", location=Location(path, line)) from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror or error}", location=Location(path)
        ) from None


@lru_cache(maxsize=16)
def _lines(text: str, path: Path) -> Mapping[KeyPath, int]:
    # The chart's own values are a layer of every environment: one command reads them several times.
    return MappingProxyType(dict(_index(text, path)))


def _index(text: str, path: Path) -> Iterator[tuple[KeyPath, int]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if deep := _TOO_DEEP.search(text):
        # The reader takes half a minute to find that out.
        line = text[: deep.start()].count("\n") + 1
        raise ConfigurationError(f"nests deeper than {DEEPEST}", location=Location(path, line))
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise ConfigurationError(
            f"not valid YAML: {problem}", location=Location(path, mark.line + 1 if mark else 0)
        ) from None
    except (YAMLError, RecursionError) as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise ConfigurationError(
            f"not valid YAML: {_first_line(error)}", location=Location(path, line)
        ) from None
    if root is None:
        return
    yield from _Walk(path).nodes(root, ())
    if root.id == "sequence":
        line = root.start_mark.line + 1
        raise ConfigurationError("is not a map of keys and values", location=Location(path, line))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["nested too deeply"])[0][:200]


class _Walk:
    """Counts what it visits, so that aliases which multiply end as a sentence and not as a full memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = MOST_NODES

    def nodes(self, node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        self._left -= 1
        if self._left < 0 or len(path) > DEEPEST:
            raise ConfigurationError(
                f"aliases expand to more than {MOST_NODES} values, or nest deeper than {DEEPEST}",
                location=Location(self._path, node.start_mark.line + 1),
            )
        if node.id == "mapping":
            yield from self._mapping(node, path)
        elif node.id == "sequence":
            for index, item in enumerate(node.value):
                yield (*path, index), item.start_mark.line + 1
                yield from self.nodes(item, (*path, index))

    def _mapping(self, node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.id != "scalar":
                raise ConfigurationError(
                    f"a key is a {'list' if key.id == 'sequence' else 'map'}, not a name",
                    location=Location(self._path, line),
                )
            if key.tag == "tag:yaml.org,2002:merge" or key.value == "<<":
                merged = value.value if value.id == "sequence" else [value]
                for part in merged:
                    yield from self.nodes(part, path)
                continue
            name = str(key.value)
            if name in seen:
                dotted = ".".join(map(str, (*path, name)))
                raise ConfigurationError(
                    f"{dotted} stands twice: here and on line {seen[name]}",
                    location=Location(self._path, line),
                    hint="remove one of the two",
                )
            seen[name] = line
            yield (*path, name), line
            yield from self.nodes(value, (*path, name))
