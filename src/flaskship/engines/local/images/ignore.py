"""Which files of a folder are not part of its build context: Docker's rules for .dockerignore."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.errors import DockerfileInvalidError, ImageUnreadableError
from flaskship.model.location import Location

# What version control and interpreters leave beside the source would change a digest without changing
# the program. The user's own patterns come later and can bring all but the last group back.
DERIVED = (
    "**/.git",
    "**/.hg",
    "**/.svn",
    "**/__pycache__",
    "**/*.py[co]",
    "**/.mypy_cache",
    "**/.ruff_cache",
    "**/.pytest_cache",
    "**/.DS_Store",
    "**/.venv",
)
OWN = (".flaskship",)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Patterns in order, those of one polarity joined: the last one that matches decides."""

    groups: tuple[tuple[bool, re.Pattern[str]], ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether this path (relative, with slashes) is left out, by itself or by a folder above it."""
        ignored = False
        for excludes, pattern in self.groups:
            if ignored != excludes and pattern.match(path):
                ignored = excludes
        return ignored

    @property
    def may_reinclude(self) -> bool:
        """Whether something in an ignored folder can come back."""
        return any(not excludes for excludes, _ in self.groups)


def parse_dockerignore(text: str, path: Path = Path(".dockerignore")) -> IgnoreRules:
    """The rules of a .dockerignore file alone."""
    return _rules(_patterns(text, path))


def ignore_rules(context: Path, dockerfile: Path) -> IgnoreRules:
    """The rules of a context: Dockerfile.dockerignore, else .dockerignore, between our own."""
    patterns = [(True, translate(pattern)) for pattern in DERIVED]
    for candidate in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        try:
            text = candidate.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ImageUnreadableError(f"cannot be read: {error}", location=Location(candidate)) from None
        patterns.extend(_patterns(text, candidate))
        break
    patterns.extend((True, translate(pattern)) for pattern in OWN)
    return _rules(patterns)


def _patterns(text: str, path: Path) -> list[tuple[bool, str]]:
    found = []
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if raw.startswith("#"):
            continue
        pattern = raw.strip()
        excludes = not pattern.startswith("!")
        pattern = _clean(pattern.removeprefix("!").strip())
        if pattern in {"", "."}:
            continue
        try:
            found.append((excludes, translate(pattern)))
            re.compile(found[-1][1])
        except re.error as error:
            raise DockerfileInvalidError(
                f"the pattern {raw!r} is malformed: {error}", location=Location(path, number)
            ) from None
    return found


def _clean(pattern: str) -> str:
    parts: list[str] = []
    for part in pattern.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _rules(patterns: Iterable[tuple[bool, str]]) -> IgnoreRules:
    groups: list[tuple[bool, list[str]]] = []
    for excludes, pattern in patterns:
        if not groups or groups[-1][0] != excludes:
            groups.append((excludes, []))
        groups[-1][1].append(pattern)
    return IgnoreRules(
        tuple(
            (excludes, re.compile(f"(?:{'|'.join(joined)})(?:/|\\Z)", re.DOTALL))
            for excludes, joined in groups
        )
    )


def translate(pattern: str) -> str:
    """One pattern as a regular expression for a path from its first character on."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
                out.append("(?:.*/)?")
            else:
                out.append(".*")
            continue
        at += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            end = pattern.find("]", at + 1)
            if end < 0:
                raise re.error("a [ is not closed")
            inner = pattern[at:end]
            negated = inner.startswith("^")
            body = inner.removeprefix("^").replace("\\", "\\\\").replace("[", "\\[")
            out.append(f"[{'^/' if negated else ''}{body}]")
            at = end + 1
        elif char == "\\":
            out.append(re.escape(pattern[at : at + 1]))
            at += 1
        else:
            out.append(re.escape(char))
    return "".join(out)
