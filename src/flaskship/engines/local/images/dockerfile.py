"""A Dockerfile as frozen types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType

DEFAULT_SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class Command:
    """CMD, ENTRYPOINT or RUN: `words` of the exec form, or the `text` that a shell gets."""

    words: tuple[str, ...] = ()
    text: str | None = None
    shell: tuple[str, ...] = DEFAULT_SHELL

    @property
    def argv(self) -> tuple[str, ...]:
        """What is executed."""
        return self.words if self.text is None else (*self.shell, self.text)


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY or ADD: from the context, from another stage or from a foreign image."""

    line: int
    sources: tuple[str, ...]
    target: str
    workdir: str
    from_stage: str | None = None
    owner: str | None = None
    mode: int | None = None
    add: bool = False
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """RUN, with the folder, the variables and the mounts that it would have had."""

    line: int
    command: Command
    workdir: str
    variables: Mapping[str, str]
    mounts: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """WORKDIR and VOLUME: a folder that exists from here on."""

    line: int
    path: str


Step = Copy | Run | MakeFolder


@dataclass(frozen=True, slots=True)
class Aside:
    """An instruction that is read and has no effect on this machine."""

    line: int
    instruction: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM and what follows, evaluated: the state at its end and the steps that lead there."""

    line: int
    index: int
    base: str
    name: str | None
    parent: int | None
    steps: tuple[Step, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    entrypoint: Command | None = None
    cmd: Command | None = None
    workdir: str = "/"
    user: str = ""
    exposed: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stop_signal: str | None = None
    healthcheck: Command | None = None
    shell: tuple[str, ...] = DEFAULT_SHELL
    asides: tuple[Aside, ...] = ()


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The stages in order; the last one is the image."""

    path: Path
    stages: tuple[Stage, ...]

    @property
    def final(self) -> Stage:
        """The stage that the image is made of."""
        return self.stages[-1]

    def lineage(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage and the stages it was made FROM, the oldest first."""
        chain = [stage]
        while chain[0].parent is not None:
            chain.insert(0, self.stages[chain[0].parent])
        return tuple(chain)

    def root_base(self, stage: Stage) -> str:
        """The image from a registry that this stage stands on."""
        return self.lineage(stage)[0].base


def absolute(path: str, workdir: str) -> str:
    """A path of the image, made absolute and clean."""
    parts: list[str] = []
    for part in PurePosixPath(workdir, path).parts[1:]:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/" + "/".join(parts)
