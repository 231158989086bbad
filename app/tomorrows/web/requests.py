"""What happens around every request: its id, its bounds, its numbers and its line in the log."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from tomorrows import server
from tomorrows.logs import log, request_id
from tomorrows.runtime import Runtime
from tomorrows.secrets_source import SecretUnreadable
from tomorrows.storage.database import DatabaseUnavailable
from tomorrows.web.problem import Refused, problem

PROBES = frozenset({"/health", "/ready", "/startup", "/metrics"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def guard_requests(app: Flask, runtime: Runtime) -> None:
    """Install the bounds, the request id, the counters and the error answers."""
    # One more than allowed: a body without a length is cut off here silently, and must be seen as too long.
    app.config["MAX_CONTENT_LENGTH"] = runtime.settings.max_body_bytes + 1
    app.before_request(lambda: _before(runtime))
    app.after_request(lambda response: _after(runtime, response))
    app.teardown_request(lambda _error: _teardown(runtime))
    app.register_error_handler(Refused, lambda refused: refused.response)
    app.register_error_handler(DatabaseUnavailable, _database_down)
    app.register_error_handler(SecretUnreadable, lambda error: problem(503, str(error)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _before(runtime: Runtime) -> Response | None:
    g.began = time.monotonic()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.token = request_id.set(g.request_id)
    runtime.metrics.in_flight.inc()
    g.counted = True
    if request.path in PROBES:
        server.request_received()
        return None
    if server.waiting() > runtime.settings.max_in_flight:
        runtime.metrics.shed.inc()
        return problem(503, "Too many requests are in flight; try again shortly.")
    refused = _read_body(runtime.settings.max_body_bytes)
    server.request_received()
    return refused


def _read_body(limit: int) -> Response | None:
    """Read the body here, bounded in size and time, so that no handler can forget to."""
    try:
        size = len(request.get_data(cache=True))
    except RequestEntityTooLarge:
        size = limit + 1
    except (OSError, ClientDisconnected):
        return problem(408, "The body did not arrive in time.")
    if size > limit:
        return problem(413, f"The body is larger than {limit} bytes.")
    if size < (request.content_length or 0):
        return problem(408, "The body did not arrive completely.")
    return None


def _after(runtime: Runtime, response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "(none)"
    seconds = time.monotonic() - g.began
    runtime.metrics.requests.labels(_method(request.method), route, str(response.status_code)).inc()
    runtime.metrics.latency.labels(route).observe(seconds)
    response.headers["X-Request-ID"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    if request.path in PROBES and response.status_code < 400:
        # One line a second from every probe would drown what people look for.
        return response
    log(
        "request",
        "request",
        level=logging.INFO,
        method=_method(request.method),
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
    )
    return response


def _method(name: str) -> str:
    # A client can invent methods without end; a label must not grow with them.
    return name if name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "OTHER"


def _teardown(runtime: Runtime) -> None:
    if g.pop("counted", False):
        runtime.metrics.in_flight.dec()
        request_id.reset(g.token)


def _database_down(error: DatabaseUnavailable) -> Response:
    log("database", "database.unavailable", level=logging.WARNING, reason=str(error))
    return problem(503, f"Reminders cannot be reached now: {error}.")


def _http_error(error: HTTPException) -> Response:
    response = problem(error.code or 500, (error.description or "").replace("\n", " "))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "location", "retry-after"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log("request", "request.failed", level=logging.ERROR, error=error)
    return problem(500, "Something failed on our side; the log has it under this request id.")
