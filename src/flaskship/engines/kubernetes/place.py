"""Where an environment lives on a cluster."""

from dataclasses import dataclass

from flaskship.model.named import NOTHING, Named


@dataclass(frozen=True, slots=True)
class Place:
    """An environment's release in its namespace."""

    environment: str
    release: str
    namespace: str
    named: Named = NOTHING

    def command(self, verb: str, *arguments: object) -> str:
        """Return a command on the environment as it can be run where this one was."""
        return self.named.command(verb, self.environment, *arguments)
