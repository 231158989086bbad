"""What a cluster can answer instead of doing it, as sentences with what to do next."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flaskship.model.errors import FlaskshipError, PreflightError


class UnreachableError(PreflightError):
    """No answer came from the API server: not there, not in time, or not to be trusted."""

    code = "ClusterUnreachable"


class RefusedError(PreflightError):
    """The API server refused; status is HTTP's, reason Kubernetes' own word for it."""

    code = "ClusterRefused"
    status: ClassVar[int] = 0

    def __init__(self, message: str, reason: str = "", *, hint: str | None = None, status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.answered = status or self.status


class NotLoggedInError(RefusedError):
    """The credentials of the context are missing, wrong or expired."""

    code = "ClusterLoginFailed"
    status = 401


class ForbiddenError(RefusedError):
    """The user of the context may not do this."""

    code = "ClusterForbids"
    status = 403


class NotFoundError(RefusedError):
    """There is no such object, or no such kind of object."""

    status = 404


class ConflictError(RefusedError):
    """The object is there already, was changed meanwhile, or a field of it belongs to somebody else."""

    status = 409


class ExpiredError(RefusedError):
    """The resource version is too old to watch from: list again."""

    status = 410


class InvalidError(RefusedError):
    """The object is not what its schema or an admission rule allows."""

    status = 422


_BY_STATUS = {
    one.status: one
    for one in (NotLoggedInError, ForbiddenError, NotFoundError, ConflictError, ExpiredError, InvalidError)
}
LONGEST = 600
PASSING = (429, 500, 502, 503, 504)


def refusal(
    context: str, what: str, status: int, body: Mapping[str, Any] | str, server: str = ""
) -> RefusedError:
    """Return the error for an answer of the API server; body is its Status object, or whatever came."""
    said, reason = body if isinstance(body, str) else str(body.get("message") or ""), ""
    if not isinstance(body, str):
        reason = str(body.get("reason") or "")
    said = " ".join(said.split())[:LONGEST]
    at = f" at {server}" if server and status in PASSING else ""
    if at and isinstance(body, str) and said:
        said = f"HTTP {status}: {said}"  # what stands before the server says it, which may say little
    kind = _BY_STATUS.get(status, RefusedError)
    return kind(
        f"cluster {context}{at}: {what}: {said or f'HTTP {status}'}",
        reason,
        hint=_hint(context, status),
        status=status,
    )


def unreachable(context: str, server: str, what: str, problem: str, advice: str = "") -> UnreachableError:
    """Return the error for a server that did not answer."""
    look = f"look at it with: kubectl --context {context} get --raw /readyz"
    return UnreachableError(
        f"cluster {context} at {server}: {what}: {problem}", hint=f"{advice}; {look}" if advice else look
    )


def _hint(context: str, status: int) -> str | None:
    if status == 401:
        return f"log in again, then try: kubectl --context {context} auth whoami"
    if status == 403:
        return f"ask for the permission, then look: kubectl --context {context} auth can-i --list"
    if status in PASSING:
        look = f"kubectl --context {context} get --raw /readyz"
        return f"the API server is in trouble or busy: try again, or look at it with: {look}"
    return None


def is_passing(error: FlaskshipError) -> bool:
    """Tell whether the same request may succeed a moment later."""
    return isinstance(error, UnreachableError) or (
        isinstance(error, RefusedError) and error.answered in PASSING
    )
