"""The file in which the Secrets of an environment are kept on this machine: a small, flat part of YAML.

    # comments stay
    app-secrets:
      session-key: "text in quotes, as JSON writes it"

It is read without a YAML library, because the supervisor reads it; what a person writes by hand may be
plain, in single or in double quotes, on one line.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location

_NAME = re.compile(r"(?P<name>[a-z0-9]([-a-z0-9.]*[a-z0-9])?):(?P<rest>\s.*)?")
_KEY = re.compile(
    r"(?P<indent> +)(?P<quote>[\"']?)(?P<key>(?!\.\.)[-._a-zA-Z0-9]+)(?P=quote):(?P<rest>\s.*)?"
)
_SINGLE = re.compile(r"'((?:[^']|'')*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r"(\"(?:[^\"\\]|\\.)*\")\s*(?:#.*)?")
_UNPRINTABLE = re.compile("[\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff\\ud800-\\udfff]")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_HINT = 'Each Secret is a line "name:", each key below it a line "  key: \\"value\\"".'
HEAD = """\
# Secrets of this environment on this machine. Keep it out of version control.
# Values that you change here count from the next deploy on; remove a key and it is made anew.
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one key stands in the file."""

    secret: str
    key: str
    value: str
    line: int
    indent: str


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The keys of a file, and the lines on which its Secrets begin."""

    entries: tuple[_Entry, ...]
    heads: Mapping[str, int]


def load_secrets(path: Path) -> dict[str, dict[str, str]]:
    """Read the file (none is empty) and close it to others; ConfigurationError names file and line."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ConfigurationError("is not UTF-8 text", location=Location(path)) from None
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", location=Location(path)) from None
    return secrets_in(text, path)


def secrets_in(text: str, path: Path) -> dict[str, dict[str, str]]:
    """Return the Secrets that a text holds; path is for errors."""
    parsed = _parse(text, path)
    found: dict[str, dict[str, str]] = {name: {} for name in parsed.heads}
    for entry in parsed.entries:
        found[entry.secret][entry.key] = entry.value
    return found


def line_of(path: Path, secret: str, key: str) -> int | None:
    """Return the line of a key; None where there is no such key, or nobody can read the file."""
    try:
        entries = _parse(path.read_text(encoding="utf-8"), path).entries
    except (OSError, UnicodeDecodeError, ConfigurationError):
        return None
    return next((one.line for one in entries if (one.secret, one.key) == (secret, key)), None)


def save_secrets(path: Path, secrets: Mapping[str, Mapping[str, str]]) -> None:
    """Write what is new or changed into the file (0600), at once; lines and comments of others stay."""
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        before = ""
    after = merged(before, secrets, path)
    if after == before:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(beside).unlink()
        raise


def merged(before: str, secrets: Mapping[str, Mapping[str, str]], path: Path) -> str:
    """Return the text of a file with these Secrets in it."""
    parsed = _parse(before, path)
    lines = _lines(before)
    known = {(entry.secret, entry.key): entry for entry in parsed.entries}
    for entry in parsed.entries:
        value = secrets.get(entry.secret, {}).get(entry.key, entry.value)
        if value != entry.value:
            lines[entry.line - 1] = f"{entry.indent}{entry.key}: {_quoted(value)}"
    inserts: list[tuple[int, str]] = []
    added: list[str] = []
    for name, keys in secrets.items():
        fresh = {key: value for key, value in keys.items() if (name, key) not in known}
        if not fresh:
            continue
        if name in parsed.heads:
            own = [entry for entry in parsed.entries if entry.secret == name]
            after = max((entry.line for entry in own), default=parsed.heads[name])
            indent = own[0].indent if own else "  "
            if not own:
                lines[after - 1] = f"{name}:"
            inserts += [(after, f"{indent}{key}: {_quoted(value)}") for key, value in fresh.items()]
        else:
            added += [f"{name}:", *(f"  {key}: {_quoted(value)}" for key, value in fresh.items())]
    for after, line in sorted(inserts, key=lambda item: item[0], reverse=True):
        lines.insert(after, line)
    text = "\n".join([*lines, *added])
    head = "" if before else HEAD
    return f"{head}{text}\n" if text else before


def _quoted(value: str) -> str:
    """Write text as JSON does, which is YAML too when what YAML cannot print is escaped as well."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _parse(text: str, path: Path) -> _Parsed:
    entries: list[_Entry] = []
    heads: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    current = ""
    for number, line in enumerate(_lines(text), 1):
        where = Location(path, number)
        if not line.strip() or line.lstrip().startswith("#") or line.strip() == "---":
            continue
        if "\t" in line[: len(line) - len(line.lstrip())]:
            raise ConfigurationError("a tab indents this line", location=where, hint="Use spaces.")
        if not line.startswith(" "):
            current = _head(line, heads, where)
            heads[current] = number
            continue
        match = _KEY.fullmatch(line)
        if match is None or not current:
            raise ConfigurationError("this line is not understood", location=where, hint=_HINT)
        if (current, match["key"]) in seen:
            raise ConfigurationError(f"{match['key']} is there twice", location=where)
        if entries and entries[-1].secret == current and entries[-1].indent != match["indent"]:
            raise ConfigurationError("this line is indented unlike the one above", location=where)
        seen.add((current, match["key"]))
        value = _value((match["rest"] or "").strip(), where)
        entries.append(_Entry(current, match["key"], value, number, match["indent"]))
    return _Parsed(tuple(entries), heads)


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: other characters that end a line are part of a value."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _head(line: str, heads: Mapping[str, int], where: Location) -> str:
    match = _NAME.fullmatch(line.rstrip())
    rest = _COMMENT.sub("", match["rest"] or "").strip() if match else None
    if match is None or rest not in ("", "{}"):
        raise ConfigurationError("this line is not understood", location=where, hint=_HINT)
    if match["name"] in heads:
        raise ConfigurationError(f"{match['name']} is there twice", location=where)
    return match["name"]


def _value(rest: str, where: Location) -> str:
    double, single = _DOUBLE.fullmatch(rest), _SINGLE.fullmatch(rest)
    if double:
        try:
            value = str(json.loads(double[1], strict=False))
            value.encode()
            return value
        except ValueError:
            raise ConfigurationError("the text in quotes has a bad escape", location=where) from None
    if single:
        return single[1].replace("''", "'")
    plain = _COMMENT.sub("", rest).strip()
    if not plain:
        raise ConfigurationError(
            "the value is missing", location=where, hint='Write it behind the colon; "" is an empty one.'
        )
    if plain[0] in "\"'{[&*!|>%@`?" or ": " in plain:
        raise ConfigurationError(
            "this value is not understood", location=where, hint="Put it in double quotes, on one line."
        )
    return plain
