"""From a Dockerfile's text to its stages; every complaint names its line."""

import json
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from flaskship.engines.local.images.dockerfile import (
    DEFAULT_SHELL,
    Aside,
    Command,
    Copy,
    Dockerfile,
    MakeFolder,
    Run,
    Stage,
    Step,
    absolute,
)
from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.engines.local.images.expansion import ExpansionError, expand, split_words
from flaskship.engines.local.images.lines import LogicalLine, read_logical_lines
from flaskship.model.location import Location

_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)")
_BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_EXEC_LIST = "write it as a list of strings in double quotes"


@dataclass(slots=True)
class _Draft:
    """A stage while it is being read."""

    line: int
    index: int
    base: str
    name: str | None
    parent: int | None
    env: dict[str, str]
    steps: list[Step] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    entrypoint: Command | None = None
    cmd: Command | None = None
    own_cmd: bool = False
    workdir: str = "/"
    user: str = ""
    exposed: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    stop_signal: str | None = None
    healthcheck: Command | None = None
    shell: tuple[str, ...] = DEFAULT_SHELL
    asides: list[Aside] = field(default_factory=list)

    def finished(self) -> Stage:
        return Stage(
            self.line,
            self.index,
            self.base,
            self.name,
            self.parent,
            tuple(self.steps),
            dict(self.env),
            self.entrypoint,
            self.cmd,
            self.workdir,
            self.user,
            self.exposed,
            self.volumes,
            dict(self.labels),
            self.stop_signal,
            self.healthcheck,
            self.shell,
            tuple(self.asides),
        )


def parse_dockerfile(text: str, path: Path, build_arguments: Mapping[str, str] | None = None) -> Dockerfile:
    """The stages of a Dockerfile; raises DockerfileInvalidError with the line that is wrong."""
    return _Reader(path, dict(build_arguments or {})).read(text)


class _Reader:
    """Walks the instructions once and keeps what the next one needs."""

    def __init__(self, path: Path, given: dict[str, str]) -> None:
        machine = platform.machine()
        architecture = _MACHINES.get(machine, machine)
        self._path = path
        self._given = given
        self._escape = "\\"
        self._stages: list[_Draft] = []
        self._globals: dict[str, str] = {}
        self._automatic = {
            f"{side}{key}": value
            for side in ("TARGET", "BUILD")
            for key, value in (
                ("PLATFORM", f"linux/{architecture}"),
                ("OS", "linux"),
                ("ARCH", architecture),
                ("VARIANT", ""),
            )
        }
        self._handlers: dict[str, Callable[[LogicalLine], None]] = {
            "FROM": self._from,
            "ARG": self._arg,
            "ENV": self._env,
            "COPY": self._copy,
            "ADD": self._copy,
            "RUN": self._run,
            "CMD": self._cmd,
            "ENTRYPOINT": self._entrypoint,
            "WORKDIR": self._workdir,
            "USER": self._user,
            "EXPOSE": self._expose,
            "VOLUME": self._volume,
            "LABEL": self._label,
            "HEALTHCHECK": self._healthcheck,
            "STOPSIGNAL": self._stop_signal,
            "SHELL": self._set_shell,
            "ONBUILD": self._onbuild,
            "MAINTAINER": self._maintainer,
        }

    def read(self, text: str) -> Dockerfile:
        logical = read_logical_lines(text, self._path)
        self._escape = logical.escape
        for line in logical.lines:
            handler = self._handlers.get(line.keyword)
            if handler is None:
                near = get_close_matches(line.keyword, self._handlers, n=1)
                hint = f"did you mean {near[0]}?" if near else None
                raise self._error(line, f"unknown instruction {line.keyword}", hint)
            if not self._stages and line.keyword not in {"FROM", "ARG"}:
                raise self._error(line, f"{line.keyword} stands before the first FROM")
            if not line.rest:
                raise self._error(line, f"{line.keyword} says nothing")
            try:
                handler(line)
            except ExpansionError as error:
                raise self._error(line, str(error)) from None
        if not self._stages:
            raise DockerfileInvalidError(
                "the Dockerfile has no FROM",
                location=Location(self._path),
                hint="start it with, say, FROM python:3.12-slim",
            )
        return Dockerfile(self._path, tuple(draft.finished() for draft in self._stages))

    @property
    def _now(self) -> _Draft:
        return self._stages[-1]

    def _variables(self) -> dict[str, str]:
        return {**self._now.arguments, **self._now.env}

    def _error(self, line: LogicalLine, message: str, hint: str | None = None) -> DockerfileInvalidError:
        return DockerfileInvalidError(message, location=Location(self._path, line.number), hint=hint)

    def _words(self, text: str) -> tuple[str, ...]:
        return split_words(text, self._variables(), self._escape)

    def _from(self, line: LogicalLine) -> None:
        _, rest = _take_flags(line.rest)
        words = split_words(rest, {**self._automatic, **self._globals}, self._escape)
        named = len(words) == 3 and words[1].upper() == "AS"
        if not words or not words[0] or not (len(words) == 1 or named):
            raise self._error(line, "FROM wants an image and nothing else, or `image AS name`")
        base, name = words[0], words[2].lower() if named else None
        parent = self._stage_index(base)
        draft = _Draft(line.number, len(self._stages), base, name, parent, {"PATH": _BASE_PATH})
        if parent is not None:
            origin = self._stages[parent]
            draft.env = dict(origin.env)
            draft.entrypoint, draft.cmd, draft.workdir = origin.entrypoint, origin.cmd, origin.workdir
            draft.user, draft.exposed, draft.volumes = origin.user, origin.exposed, origin.volumes
            draft.labels, draft.stop_signal = dict(origin.labels), origin.stop_signal
            draft.healthcheck, draft.shell = origin.healthcheck, origin.shell
        elif re.search(r"(?:^|/)python(?::|@|$)", base):
            draft.cmd = Command(("python3",))
        self._stages.append(draft)

    def _stage_index(self, reference: str) -> int | None:
        for draft in reversed(self._stages):
            if draft.name is not None and draft.name == reference.lower():
                return draft.index
        return None

    def _arg(self, line: LogicalLine) -> None:
        known = self._variables() if self._stages else {**self._automatic, **self._globals}
        for word in split_words(line.rest, known, self._escape):
            name, assigned, default = word.partition("=")
            value = self._given.get(name, default if assigned else None)
            if self._stages:
                if value is None:
                    value = self._globals.get(name, self._automatic.get(name))
                elif not assigned and name in self._globals:
                    value = self._globals[name]
                if value is not None:
                    self._now.arguments[name] = value
            elif value is not None:
                self._globals[name] = value

    def _env(self, line: LogicalLine) -> None:
        self._now.env.update(self._pairs(line))

    def _label(self, line: LogicalLine) -> None:
        self._now.labels.update(self._pairs(line))

    def _pairs(self, line: LogicalLine) -> dict[str, str]:
        first = line.rest.split(None, 1)[0]
        if "=" not in first:
            name, _, value = line.rest.partition(" ")
            if not value.strip():
                raise self._error(line, f"{line.keyword} {name} has no value", f"{line.keyword} {name}=value")
            return {name: expand(value.strip(), self._variables(), self._escape)}
        pairs = {}
        for word in self._words(line.rest):
            name, assigned, value = word.partition("=")
            if not assigned or not name:
                raise self._error(line, f"{line.keyword} wants name=value, not {word!r}")
            pairs[name] = value
        return pairs

    def _copy(self, line: LogicalLine) -> None:
        flags, rest = _take_flags(line.rest)
        words = self._json_list(rest) or self._words(rest)
        if len(words) < 2:
            raise self._error(line, f"{line.keyword} wants at least one source and a target")
        values = {name: expand(value, self._variables(), self._escape) for name, value in flags}
        mode = values.get("chmod")
        octal = mode is not None and re.fullmatch(r"[0-7]{3,4}", mode) is not None
        unsupported = [
            f"--{name}" for name in values if name in {"parents", "exclude", "checksum", "keep-git-dir"}
        ]
        if mode is not None and not octal:
            unsupported.append("--chmod")
        self._now.steps.append(
            Copy(
                line.number,
                tuple(words[:-1]),
                words[-1],
                self._now.workdir,
                values.get("from"),
                values.get("chown"),
                int(mode, 8) if mode is not None and octal else None,
                line.keyword == "ADD",
                tuple(unsupported),
            )
        )

    def _run(self, line: LogicalLine) -> None:
        flags, rest = _take_flags(line.rest)
        mounts = tuple(_mount(value) for name, value in flags if name == "mount")
        command = self._command(line, rest)
        self._now.steps.append(Run(line.number, command, self._now.workdir, self._variables(), mounts))

    def _cmd(self, line: LogicalLine) -> None:
        self._now.cmd = self._command(line, line.rest)
        self._now.own_cmd = True

    def _entrypoint(self, line: LogicalLine) -> None:
        self._now.entrypoint = self._command(line, line.rest)
        if not self._now.own_cmd:
            self._now.cmd = None

    def _workdir(self, line: LogicalLine) -> None:
        path = absolute(expand(line.rest, self._variables(), self._escape), self._now.workdir)
        self._now.workdir = path
        self._now.steps.append(MakeFolder(line.number, path))

    def _user(self, line: LogicalLine) -> None:
        self._now.user = expand(line.rest, self._variables(), self._escape)

    def _expose(self, line: LogicalLine) -> None:
        for word in self._words(line.rest):
            if not re.fullmatch(r"\d{1,5}(-\d{1,5})?(/(tcp|udp))?", word):
                raise self._error(line, f"EXPOSE wants a port, not {word!r}")
            if word not in self._now.exposed:
                self._now.exposed = (*self._now.exposed, word)

    def _volume(self, line: LogicalLine) -> None:
        for word in self._json_list(line.rest) or self._words(line.rest):
            path = absolute(word, self._now.workdir)
            self._now.volumes = (*self._now.volumes, path)
            self._now.steps.append(MakeFolder(line.number, path))

    def _healthcheck(self, line: LogicalLine) -> None:
        _, rest = _take_flags(line.rest)
        if rest.strip().upper() == "NONE":
            self._now.healthcheck = None
            return
        kind, _, command = rest.partition(" ")
        if kind.upper() != "CMD" or not command.strip():
            raise self._error(line, "HEALTHCHECK wants CMD and a command, or NONE")
        self._now.healthcheck = self._command(line, command.strip())
        self._aside(line, "Kubernetes probes take its place")

    def _stop_signal(self, line: LogicalLine) -> None:
        self._now.stop_signal = expand(line.rest, self._variables(), self._escape)

    def _set_shell(self, line: LogicalLine) -> None:
        words = self._json_list(line.rest)
        if not words:
            raise self._error(line, "SHELL wants the exec form", _EXEC_LIST)
        self._now.shell = words

    def _onbuild(self, line: LogicalLine) -> None:
        self._aside(line, "it acts only on images built from this one")

    def _maintainer(self, line: LogicalLine) -> None:
        self._aside(line, "a name without effect; LABEL has replaced it")

    def _aside(self, line: LogicalLine, reason: str) -> None:
        self._now.asides.append(Aside(line.number, f"{line.keyword} {line.rest}", reason))

    def _command(self, line: LogicalLine, rest: str) -> Command:
        words = self._json_list(rest)
        if words is not None:
            if not words and line.keyword == "RUN":
                raise self._error(line, "RUN has an empty command")
            return Command(words)
        if rest.startswith("[") and rest.rstrip().endswith("]") and "'" in rest:
            raise self._error(line, f"{line.keyword} looks like the exec form but is not JSON", _EXEC_LIST)
        return Command(text=rest, shell=self._now.shell)

    @staticmethod
    def _json_list(rest: str) -> tuple[str, ...] | None:
        if not rest.startswith("["):
            return None
        try:
            value = json.loads(rest)
        except ValueError:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return None
        return tuple(value)


def _take_flags(rest: str) -> tuple[tuple[tuple[str, str], ...], str]:
    flags: list[tuple[str, str]] = []
    rest = rest.lstrip()
    while match := _FLAG.match(rest):
        flags.append((match.group(1), (match.group(2) or "").strip("\"'")))
        rest = rest[match.end() :].lstrip()
    return tuple(flags), rest


def _mount(text: str) -> Mapping[str, str]:
    pairs = (item.partition("=") for item in text.split(","))
    return {name: value for name, _, value in pairs}
