"""What flaskship.yaml says, checked and frozen."""

import difflib
from pathlib import Path
from typing import Literal

from flaskship.model.errors import ConfigurationError
from flaskship.model.frozen import dataclass
from flaskship.model.location import Location
from flaskship.model.named import NOTHING, Named

Engine = Literal["local", "kubernetes"]
Writer = Literal["cli", "terraform", "argocd"]


@dataclass(frozen=True, slots=True)
class Environment:
    """One place where the applications run: a release in a namespace, on an engine, with one writer."""

    name: str
    release: str
    namespace: str
    engine: Engine
    context: str | None
    promotes_from: str | None
    writer: Writer
    named: Named = NOTHING
    """What the command line named for it."""

    def command(self, verb: str, *arguments: object) -> str:
        """Return a command on it as it can be run where this one was."""
        return self.named.command(verb, self.name, *arguments)

    def named_on(self, engine: str) -> Named:
        """Return what a command has to say so that it means this engine."""
        return self.named if engine == self.engine else self.named.on(engine)


@dataclass(frozen=True, slots=True)
class ImageSource:
    """How this machine makes the image that values call by its repository."""

    repository: str
    context: Path


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a flaskship.yaml; all paths are absolute."""

    root: Path
    name: str
    chart: Path
    images: tuple[ImageSource, ...]
    environments: tuple[Environment, ...]

    def environment(self, name: str) -> Environment:
        """The environment of that name, or a ConfigurationError that names the nearest one."""
        for environment in self.environments:
            if environment.name == name:
                return environment
        known = [environment.name for environment in self.environments]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        raise ConfigurationError(
            f"there is no environment {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
            location=Location(self.root / "flaskship.yaml"),
            hint=f"flaskship.yaml has: {', '.join(known)}",
        )
