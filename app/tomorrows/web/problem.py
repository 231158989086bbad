"""Errors as application/problem+json (RFC 9457)."""

import json
from collections.abc import Sequence
from http import HTTPStatus

from flask import Response

from tomorrows.domain import FieldError

RETRY_AFTER = "2"


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    errors: Sequence[FieldError] = (),
    retry: bool = False,
) -> Response:
    """Build the answer for what went wrong."""
    body: dict[str, object] = {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"field": error.field, "message": error.message} for error in errors]
    response = Response(json.dumps(body), status=status, mimetype="application/problem+json")
    if retry or status == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


class Refused(Exception):
    """A request that ends in a problem."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
