"""What a RUN asks for, as far as this machine does it in another way."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flaskship.engines.local.images.dockerfile import Run, absolute

_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", ";;", "|&"})
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_PIP = re.compile(r"(?:.*/)?pip(?:3(?:\.\d+)?)?")
_PIP_VALUES = {
    "-r": "requirement",
    "-c": "constraint",
    "-e": "editable",
    "-i": "index-url",
    "-f": "find-links",
    "-t": "target",
    "-w": "wheel-dir",
    "-p": "python",
}
_PIP_LONG = frozenset(
    {
        "requirement", "constraint", "editable", "index-url", "default-index", "index", "extra-index-url",
        "find-links", "target", "wheel-dir", "python", "prefix", "root", "src", "timeout", "default-timeout",
        "retries", "trusted-host", "cert", "client-cert", "proxy", "cache-dir", "log", "no-binary",
        "only-binary", "platform", "python-version", "implementation", "abi", "upgrade-strategy",
        "progress-bar", "config-settings", "global-option", "report", "keyring-provider", "link-mode",
        "index-strategy", "group", "extra",
    }
)  # fmt: skip
_SETTINGS = frozenset(
    {
        "index-url",
        "extra-index-url",
        "find-links",
        "trusted-host",
        "no-index",
        "pre",
        "no-binary",
        "only-binary",
    }
)
_INSTALLERS = frozenset({"pip", "wheel", "uv", "virtualenv", "poetry", "pipenv", "build", "pipx"})
# They change what only a container has: its users, its caches, its package lists.
_HARMLESS = frozenset(
    {
        "useradd", "adduser", "groupadd", "addgroup", "usermod", "chown", "chgrp", "passwd", "echo", "printf",
        "set", "true", ":", "test", "[", "ls", "cat", "which", "hash", "pwd", "export", "source", ".",
        "activate", "exit", "umask",
    }
)  # fmt: skip
_FOREIGN = frozenset({"poetry", "pipenv", "conda", "mamba", "micromamba", "pdm", "hatch"})


@dataclass(frozen=True, slots=True)
class Install:
    """A request for packages: requirement files, names, projects, or a uv.lock (`sync`)."""

    line: int
    folder: str
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mapping[str, str], ...] = ()
    sync: bool = False
    sync_options: tuple[str, ...] = ()
    with_project: bool = True
    no_deps: bool = False


@dataclass(slots=True)
class Reading:
    """What one RUN comes to; `left_out` are the commands that nothing stands in for."""

    installs: list[Install] = field(default_factory=list)
    venvs: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    modes: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


def read_run(run: Run) -> Reading:
    """Sort the commands of a RUN into what is emulated and what is left out."""
    reading = Reading()
    folder = run.workdir
    for words in _commands(run):
        if words[0] == "cd" and len(words) == 2:
            folder = absolute(words[1], folder)
        else:
            _read_command(words, folder, run, reading)
    return reading


def _commands(run: Run) -> list[list[str]]:
    if run.command.text is None:
        return [list(run.command.words)] if run.command.words else []
    lexer = shlex.shlex(run.command.text, posix=True, punctuation_chars=";|&()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        return [[run.command.text]]
    commands: list[list[str]] = [[]]
    for token in tokens:
        if token in _SEPARATORS:
            commands.append([])
        elif token not in {"(", ")", "{", "}"}:
            commands[-1].append(_expanded(token, run.variables))
    return [words for words in map(_without_assignments, commands) if words]


def _expanded(token: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], match[0]), token)


def _without_assignments(words: list[str]) -> list[str]:
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    return words[1:] if words[:1] == ["exec"] or words[:1] == ["sudo"] else words


def _read_command(words: Sequence[str], folder: str, run: Run, reading: Reading) -> None:
    program, rest = words[0], list(words[1:])
    name = program.rsplit("/", 1)[-1]
    if _PYTHON.fullmatch(program) and rest[:1] == ["-m"] and len(rest) > 1:
        name, rest = rest[1], rest[2:]
    elif _PIP.fullmatch(program):
        name = "pip"
    if name == "uv" and rest[:1] == ["pip"]:
        name, rest = "pip", rest[1:]
    if name == "pip":
        _read_pip(rest, folder, run, reading)
    elif name in {"venv", "virtualenv"} or (name == "uv" and rest[:1] == ["venv"]):
        targets = [word for word in rest if not word.startswith("-") and word != "venv"]
        reading.venvs.extend(absolute(word, folder) for word in (targets[-1:] or [".venv"]))
    elif name == "uv" and rest[:1] == ["sync"]:
        reading.installs.append(_sync(rest[1:], folder, run))
        reading.venvs.append(absolute(run.variables.get("UV_PROJECT_ENVIRONMENT", ".venv"), folder))
    elif name in _FOREIGN and rest[:1] and rest[0] in {"install", "sync", "env", "create", "update"}:
        reading.foreign.append(" ".join(words))
    elif name in {"mkdir", "install"} and (name == "mkdir" or "-d" in rest):
        reading.folders.extend(
            absolute(word, folder) for word in _operands(rest, {"-m", "-o", "-g", "--mode"})
        )
    elif name == "chmod" and len(_operands(rest)) > 1:
        mode, *targets = _operands(rest)
        reading.modes.extend((absolute(target, folder), mode) for target in targets)
    elif not _harmless(name, program, rest):
        reading.left_out.append(" ".join(words))


def _harmless(name: str, program: str, rest: list[str]) -> bool:
    cleans = name in {"apt-get", "apt", "apk"} and rest[:1] and rest[0] in {"clean", "autoremove", "update"}
    removes_lists = name == "rm" and all(
        word.startswith(("-", "/var/", "/root/.cache", "/tmp/"))  # noqa: S108
        for word in rest
    )
    asks = rest[:1] in (["--version"], ["-V"], ["cache"], ["check"], ["config"])
    return name in _HARMLESS or program in _HARMLESS or bool(cleans) or removes_lists or asks


def _operands(words: Sequence[str], with_value: frozenset[str] | set[str] = frozenset()) -> list[str]:
    operands, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in with_value:
            skip = True
        elif not word.startswith("-") or word == "-":
            operands.append(word)
    return operands


def _sync(words: list[str], folder: str, run: Run) -> Install:
    kept: list[str] = []
    taking = False
    for word in words:
        flag = word.partition("=")[0]
        if taking or flag in {
            "--no-dev",
            "--all-extras",
            "--all-groups",
            "--no-default-groups",
            "--only-dev",
        }:
            kept.append(word)
            taking = False
        elif flag in {"--extra", "--group", "--no-group", "--only-group", "--package"}:
            kept.append(word)
            taking = "=" not in word
    return Install(
        run.line,
        folder,
        mounts=run.mounts,
        sync=True,
        sync_options=tuple(kept),
        with_project="--no-install-project" not in words,
    )


def _read_pip(words: list[str], folder: str, run: Run, reading: Reading) -> None:
    while words and words[0].startswith("-"):
        words = words[1:]
    action, values = words[0] if words else "", _pip_arguments(words[1:])
    if action not in {"install", "wheel", "sync"}:
        if action not in {"cache", "config", "check", "list", "freeze", "debug", "uninstall", ""}:
            reading.left_out.append(f"pip {' '.join(words)}")
        return
    many: dict[str, list[str]] = {}
    for name, value in values:
        many.setdefault(name, []).append(value)
    operands = many.get("", [])
    paths = [word for word in operands if _is_path(word)]
    packages = [word for word in operands if not _is_path(word)]
    if action == "sync":
        many.setdefault("requirement", []).extend(operands)
        paths, packages = [], []
    packages = [word for word in packages if re.split(r"[\[<>=!~ ;]", word, maxsplit=1)[0] not in _INSTALLERS]
    reading.sites.extend(
        absolute(value, folder) for key in ("prefix", "target") for value in many.get(key, [])
    )
    if "user" in many:
        reading.sites.append("/root/.local")
    if action == "wheel":
        reading.sites.extend(absolute(value, folder) for value in many.get("wheel-dir", ["."]))
    install = Install(
        run.line,
        folder,
        tuple(many.get("requirement", ())),
        tuple(many.get("constraint", ())),
        tuple(packages),
        (*paths, *many.get("editable", ())),
        tuple((name, value) for name, value in values if name in _SETTINGS),
        run.mounts,
        no_deps="no-deps" in many,
    )
    if install.requirements or install.packages or install.paths:
        reading.installs.append(install)


def _is_path(word: str) -> bool:
    bare = word.partition("[")[0]
    return (
        bare in {".", ".."}
        or bare.startswith(("./", "../", "/", "file:"))
        or bare.endswith((".whl", ".tar.gz", "/"))
    )


def _pip_arguments(words: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    waiting: str | None = None
    for word in words:
        short = _PIP_VALUES.get(word[:2])
        if waiting is not None:
            found.append((waiting, word))
            waiting = None
        elif word.startswith("--"):
            name, assigned, value = word[2:].partition("=")
            name = {
                "requirements": "requirement",
                "default-index": "index-url",
                "index": "extra-index-url",
            }.get(name, name)
            if assigned or name not in _PIP_LONG:
                found.append((name, value))
            else:
                waiting = name
        elif short is not None:
            if len(word) > 2:
                found.append((short, word[2:].removeprefix("=")))
            else:
                waiting = short
        elif not word.startswith("-"):
            found.append(("", word))
    return found
