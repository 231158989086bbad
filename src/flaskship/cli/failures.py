"""A verdict that is not the one that was wanted, as the one reason on stderr."""

from flaskship.cli.output import Failure
from flaskship.model.verdict import Outcome, Verdict
from flaskship.tasks.result import was_interrupted


def failure_of(verdict: Verdict, exit_code: int, what: str, hint: str | None = None) -> Failure | None:
    """Return the failure of a verdict, or None for a successful one."""
    if verdict.outcome is Outcome.SUCCESSFUL:
        return None
    if not verdict.causes:
        return Failure("Unknown", f"{what}: {verdict.outcome}, and nothing says why", exit_code, hint=hint)
    first = verdict.causes[0]
    if was_interrupted(verdict):
        return Failure(first.code, first.message, exit_code)
    about = first.application or first.replica
    # Many a message begins with the container's name, which is the application's.
    about = None if about and first.message.startswith(f"{about} ") else about
    more = f" (and {len(verdict.causes) - 1} more)" if len(verdict.causes) > 1 else ""
    message = f"{what}: {f'{about}: ' if about else ''}{first.message}{more}"
    return Failure(first.code, message, exit_code, first.values, hint)
