"""A Secret of the last environment has its values in the values."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "secret-in-values"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find rendered Secrets with values where no environment is promoted further."""
    if not context.final:
        return
    for secret in context.of("Secret"):
        for part in ("stringData", "data"):
            if keys := [key for key, _ in secret.node.at(part).entries()]:
                # The chart's own names its writer; another one is somebody's whole object.
                ours = "flaskship.dev/writer" in secret.node.at("metadata", "annotations").labels
                setting = ".secrets.provider" if ours else ".extraObjects"
                yield secret.fault(f"{part} holds {', '.join(sorted(keys))}", part, setting)
