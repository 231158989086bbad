"""The engine and the cluster that a command line named, for the commands that it tells."""

import shlex

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """What was said beside flaskship.yaml: a command that is told to the user has to say it again."""

    engine: str | None = None
    context: str | None = None

    def command(self, verb: str, environment: str, *arguments: object) -> str:
        """Return a command on an environment as it can be run where this one was."""
        words = ["flaskship", verb, environment, *map(str, arguments)]
        words += ["--engine", self.engine] if self.engine else []
        words += ["--context", self.context] if self.context else []
        return shlex.join(words)


NOTHING = Named()
"""Of a command line that leaves both to flaskship.yaml."""
