"""What a command line named beside the environment, for the commands that it tells."""

import shlex
from collections.abc import Mapping
from dataclasses import replace

from flaskship.model.frozen import dataclass

ENGINE, VALUES = ("engine", "context"), ("files", "sets")
TAKES: Mapping[str, tuple[str, ...]] = {
    "promote": ("context",),
    "up": VALUES,
    "deploy": (*ENGINE, *VALUES),
    "diff": (*ENGINE, *VALUES),
    "check": VALUES,
    "build": (),
}
"""Which of it a command takes; one that is not here takes the engine and its context."""


@dataclass(frozen=True, slots=True)
class Named:
    """What was said beside flaskship.yaml: a command that is told to the user has to say it again."""

    engine: str | None = None
    context: str | None = None
    project: str | None = None
    files: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    """Values as the user gave them, secrets masked: they are shown."""

    def command(self, verb: str, *arguments: object) -> str:
        """Return a command, its environment first, as it can be run where this one was."""
        takes = TAKES.get(verb, ENGINE)
        words = ["flaskship", verb, *map(str, arguments)]
        words += ["--engine", self.engine] if self.engine and "engine" in takes else []
        words += ["--context", self.context] if self.context and "context" in takes else []
        if takes[-2:] == VALUES:
            words += [word for one in self.files for word in ("-f", one)]
            words += [word for one in self.sets for word in ("--set", one)]
        words += ["--project", self.project] if self.project else []
        return shlex.join(words)

    def on(self, engine: str) -> "Named":
        """Return the same for an engine that is not the one that is meant where nothing is said."""
        return self if self.engine else replace(self, engine=engine)

    def instead(self, engine: str | None) -> "Named":
        """Return the same for another engine than the one that was said; this machine's has no context."""
        return replace(self, engine=engine, context=self.context if engine else None)

    def elsewhere(self) -> "Named":
        """Return what holds for another environment as well: the project alone."""
        return Named(project=self.project)


NOTHING = Named()
"""Of a command line that leaves everything to flaskship.yaml."""
