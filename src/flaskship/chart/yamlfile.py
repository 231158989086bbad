"""YAML files as text, as a node tree, and as lines: which line set which path."""

import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flaskship.chart.yaml_faults import explained
from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

KeyPath = tuple[str | int, ...]

LARGEST_FILE = 4 << 20
MOST_NODES = 200_000
DEEPEST = 100
_TOO_DEEP = re.compile(rf"(?:[\[{{]\s*(?:[\w\"'.-]+\s*:\s*)?){{{DEEPEST + 1}}}")

LARGEST_FAST = 256 << 10
# What libyaml counts as a line, accepts or reads in another way: tabs, other line ends, tags.
_ODD = re.compile(r"(?:[-?:] +){20}|[\t!\x85\u2028\u2029\ufeff]")

_TRUTH = re.compile(r"y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_EXACT_DIGITS = 15
_WHOLE = re.compile(r"[-+]?[0-9][0-9A-Fa-fxob_]*")
_OCTAL = re.compile(r"([-+]?)0([0-7]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


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
        if _is_device(path):
            raise ConfigurationError("is a device, not a file", location=Location(path))
        with path.open("rb") as file:
            # A pipe tells no size before it is read.
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigurationError("there is no such file", location=Location(path)) from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror or error}", location=Location(path)
        ) from None
    if len(data) > LARGEST_FILE:
        raise ConfigurationError(f"larger than {LARGEST_FILE >> 20} MiB", location=Location(path))
    try:
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError("not UTF-8 text", location=Location(path, line)) from None


def _is_device(path: Path) -> bool:
    found = path.stat()
    # The null device is how shells say "no file".
    is_null = stat.S_ISCHR(found.st_mode) and found.st_rdev == Path(os.devnull).stat().st_rdev
    return (stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)) and not is_null


@lru_cache(maxsize=16)
def _lines(text: str, path: Path) -> Mapping[KeyPath, int]:
    # The chart's own values are a layer of every environment: one command reads them several times.
    return index_yaml(text, path)


def index_yaml(text: str, path: Path) -> Mapping[KeyPath, int]:
    """Return the line of each path of one YAML document; path is for errors."""
    return MappingProxyType(dict(_index(text, path)))


def _index(text: str, path: Path) -> Iterator[tuple[KeyPath, int]]:
    if deep := _TOO_DEEP.search(text):
        # The reader takes half a minute to find that out.
        line = text[: deep.start()].count("\n") + 1
        raise ConfigurationError(f"nests deeper than {DEEPEST}", location=Location(path, line))
    root = _composed_fast(text) or _composed(text, path)
    if root is None:
        return
    yield from _Walk(path).nodes(root, ())
    if root.id == "sequence":
        line = root.start_mark.line + 1
        raise ConfigurationError("is not a map of keys and values", location=Location(path, line))


def _composed_fast(text: str) -> Any:
    """The nodes of a text by libyaml, at a tenth of the time; None where it is not there, or finds a fault.

    It has no bound on how deep it goes, so that it gets no text that could go deeper than its stack.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", None)
    if loader is None or len(text) > LARGEST_FAST or _ODD.search(text):
        return None
    try:
        return yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError):
        return None


def _composed(text: str, path: Path) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        problem, line, hint = explained(error, text)
        raise ConfigurationError(
            f"not valid YAML: {problem}", location=Location(path, line), hint=hint
        ) from None
    except (YAMLError, RecursionError) as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise ConfigurationError(
            f"not valid YAML: {_first_line(error)}", location=Location(path, line)
        ) from None


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
        elif node.id == "scalar" and node.tag.endswith(":float") and _NOT_FINITE.fullmatch(node.value):
            raise ConfigurationError(
                f"{'.'.join(map(str, path))}: {node.value} is no number that a manifest can hold",
                location=Location(self._path, node.start_mark.line + 1),
                hint="write a finite number, or a text in quotes",
            )
        elif node.id == "scalar" and not node.style and _is_word_of_truth(node.value, path):
            raise ConfigurationError(
                f"{'.'.join(map(str, path))}: Helm reads {node.value} as a truth value, "
                "which would reach the process as true or false",
                location=Location(self._path, node.start_mark.line + 1),
                hint=f'write it in quotes: "{node.value}"',
            )
        elif node.id == "scalar" and not node.style and (read := _read_otherwise(node.value, path)):
            raise ConfigurationError(
                f"{'.'.join(map(str, path))}: Helm reads {node.value} as the number {read}, "
                f"and the process would get {read}",
                location=Location(self._path, node.start_mark.line + 1),
                hint=f'write it in quotes: "{node.value}"',
            )
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
                    hint="nothing fills in {{ ... }} here; a text that begins with { needs quotes",
                )
            if key.tag == "tag:yaml.org,2002:merge" or key.value == "<<":
                merged = value.value if value.id == "sequence" else [value]
                for part in merged:
                    yield from self.nodes(part, path)
                continue
            name = self._name(key, path)
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

    def _name(self, key: Any, path: KeyPath) -> str:
        """The name under which Helm, whose YAML is 1.1, knows a key."""
        text = str(key.value)
        if key.style:
            return text
        location = Location(self._path, key.start_mark.line + 1)
        below = f" below {'.'.join(map(str, path))}" if path else ""
        if _NULL.fullmatch(text):
            raise ConfigurationError(
                f"a key{below} is null, not a name", location=location, hint="write a name"
            )
        if _TRUTH.fullmatch(text):
            raise ConfigurationError(
                f"the key {text}{below} is a truth value: write it in quotes",
                location=location,
                hint=f'"{text}": ...',
            )
        return _as_number(text)


def _is_word_of_truth(text: str, path: KeyPath) -> bool:
    """Whether a text for a process would become another one: on, which is true to Helm, and its like."""
    return _is_for_a_process(path) and text.lower() not in ("true", "false") and bool(_TRUTH.fullmatch(text))


def _read_otherwise(text: str, path: KeyPath) -> str | None:
    """The whole number that a process would get of a text that says it in another way: 0755, 1_000."""
    if not _is_for_a_process(path) or not _WHOLE.fullmatch(text):
        return None
    read = _as_number(text)
    if read != text and _FLOAT.fullmatch(text) and not _OCTAL.fullmatch(text):
        # Not a float of many digits, nor one that no float can hold: that stays a text.
        value = float(text)
        read = str(int(value)) if math.isfinite(value) and value.is_integer() else text
    # Of a number that no float tells from its neighbours the schema has more to say.
    return read if read != text and len(read) <= _EXACT_DIGITS else None


def _is_for_a_process(path: KeyPath) -> bool:
    return path[:1] in (("defaults",), ("roles",), ("applications",)) and path[-2:-1] in (
        ("env",),
        ("config",),
    )


def _as_number(text: str) -> str:
    """A number as Helm writes it, so that 0x10 and 16 are one key; another text as it stands."""
    plain = text.replace("_", "")
    if text[:1] not in "+-.0123456789":
        return text
    octal = _OCTAL.fullmatch(plain)
    try:
        return str(int(f"{octal[1]}0o{octal[2]}" if octal else plain, 0))
    except ValueError:
        return f"{float(plain):.8g}" if _FLOAT.fullmatch(plain) and len(plain) < 16 else text
