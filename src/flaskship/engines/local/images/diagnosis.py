"""What an installer's last words mean, and which line of the user's files they are about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.errors import (
    DependencyFailedError,
    ImageBuildError,
    NoNetworkError,
    NoSpaceError,
    PreflightFailedError,
)
from flaskship.engines.local.images.requirements import read_requirements
from flaskship.model.location import Location

_KEPT = 12
_LONGEST = 400
_ERROR = re.compile(r"\s*(?:error|× |fatal)", re.IGNORECASE)
_NO_SPACE = re.compile(r"no space left on device|os error 28|errno 28|disk quota exceeded", re.IGNORECASE)
_CERTIFICATE = re.compile(r"certificate|UnknownIssuer|SSLError|CERTIFICATE_VERIFY", re.IGNORECASE)
_NETWORK = re.compile(
    r"dns error|failed to lookup address|name resolution|connection refused|tcp connect error|connect error|"
    r"error sending request|operation timed out|timed out|network is unreachable|connection reset|"
    r"newconnectionerror|max retries exceeded|could not connect|proxyerror|tunnel error|"
    r"\b(?:407|429|502|503|504) (?:Proxy|Too|Bad|Service|Gateway)",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(401|403)\b.*(Unauthorized|Forbidden)|HTTP status client error \((401|403)", re.IGNORECASE
)
_HASH = re.compile(
    r"hash mismatch|hashes are required|do not match|In `--require-hashes` mode", re.IGNORECASE
)
_MISSING = re.compile(
    r"no solution found|was not found in the (?:package registry|provided)|no matching distribution|"
    r"could not find a version|there is no version of|not found in the package|not found in the cache",
    re.IGNORECASE,
)
_SYNTAX = re.compile(
    r"couldn't parse requirement|invalid requirement|expected '-c', '-e', '-r'", re.IGNORECASE
)
_NO_VENV = re.compile(r"ensurepip is not available|No module named (?:venv|ensurepip)", re.IGNORECASE)
_NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Failure:
    """An installer that failed; `files` are requirement files, each as the user's and as the copy."""

    status: int
    lines: tuple[str, ...]
    dockerfile: Path
    line: int
    files: tuple[tuple[Path, Path], ...]
    copied: Path
    source: Path


_VERDICTS: tuple[tuple[re.Pattern[str], type[ImageBuildError], str, str], ...] = (
    (
        _NO_SPACE,
        NoSpaceError,
        "the disk filled up while packages were installed; nothing was changed",
        "free some space on the project's disk and on the one of the package cache",
    ),
    (
        _NO_VENV,
        PreflightFailedError,
        "this Python cannot make virtual environments",
        "install its venv package (on Debian: python3-venv)",
    ),
    (
        _SYNTAX,
        DependencyFailedError,
        "a requirement cannot be read",
        "write name==version, as in requirements.txt of pip",
    ),
    (
        _HASH,
        DependencyFailedError,
        "a package is not the one that was locked",
        "lock again if the change is wanted; if not, the index serves something else than before",
    ),
    (
        _CERTIFICATE,
        NoNetworkError,
        "the package index's certificate is not trusted",
        "name the authority's file: pip config set global.cert FILE, or SSL_CERT_FILE=FILE",
    ),
    (
        _REFUSED,
        DependencyFailedError,
        "the package index refuses us",
        "check the user and password in pip's configuration or ~/.netrc",
    ),
    (
        _NETWORK,
        NoNetworkError,
        "the package index does not answer",
        "check the network and what `pip config list` says (index-url, proxy, find-links)",
    ),
    (
        _MISSING,
        DependencyFailedError,
        "a package cannot be had",
        "correct the name or version, or add the index that has it to pip's configuration",
    ),
)


def diagnose(failure: Failure) -> ImageBuildError:
    """The error that says it; pure but for reading the requirement files."""
    lines = tuple(_as_the_users(failure, line) for line in failure.lines)
    said = _last_words(lines)
    text = "\n".join(said)
    instruction = Location(failure.dockerfile, failure.line)
    for pattern, kind, message, hint in _VERDICTS:
        if pattern.search(text):
            about_package = issubclass(kind, DependencyFailedError)
            where = (_culprit(failure, text) if about_package else None) or instruction
            return kind(message, location=where, hint=hint, output=said)
    return DependencyFailedError(
        f"the installer ended with {failure.status}",
        location=_culprit(failure, text) or instruction,
        hint="the lines above are the installer's own",
        output=said,
    )


def _as_the_users(failure: Failure, line: str) -> str:
    """The line with paths of the copy as paths of the source; uv shortens them to its working folder."""
    full = line.replace(str(failure.copied), str(failure.source))
    return re.sub(rf"(?<![\w/.-]){re.escape(failure.copied.name)}/", f"{failure.source}/", full)


def _last_words(lines: tuple[str, ...]) -> tuple[str, ...]:
    """From the first error on: what stands before it is about what went well."""
    first = next((at for at, line in enumerate(lines) if _ERROR.match(line)), 0)
    return tuple(line[:_LONGEST] for line in lines[first:][-_KEPT:])


def _culprit(failure: Failure, text: str) -> Location | None:
    """The requirement that the installer talks about: the first one named in what it said."""
    exact = re.search(rf"({re.escape(str(failure.source))}/\S+?):(\d+):\d+", text)
    if exact is not None:
        return Location(exact[1], int(exact[2]))
    best: tuple[int, Location] | None = None
    for users, copy in failure.files:
        for file, line, name in _named(copy):
            position = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-]*\w)", text, re.IGNORECASE)
            if position is not None and (best is None or position.start() < best[0]):
                place = users if file == copy else failure.source / file.relative_to(failure.copied)
                best = (position.start(), Location(place, line))
    return best[1] if best is not None else None


def _named(path: Path) -> Iterator[tuple[Path, int, str]]:
    for file, line, requirement in read_requirements(path):
        match = _NAME.match(requirement)
        if match is not None:
            yield file, line, match[1]
