"""The API server of the rehearsal: moto behind our doubles, on loopback."""

import io
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flaskship.aws.doubles.budgets import Budgets
from flaskship.aws.doubles.call import Answer, Call, Route
from flaskship.aws.doubles.cost_explorer import CostExplorer
from flaskship.aws.doubles.eks import Eks
from flaskship.aws.doubles.logs import Logs
from flaskship.aws.doubles.security_hub import SecurityHub
from flaskship.aws.doubles.xray import XRay

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")
UNANSWERED = "/flaskship/unanswered"
DOUBLED = "/flaskship/doubled"


Complete = Callable[[Call, dict[str, Any]], dict[str, Any]]


def all_doubles() -> tuple[tuple[Route, ...], dict[str, Complete]]:
    """Return every call that a double answers, and by service what completes the API server's own answers."""
    eks, budgets, hub = Eks(), Budgets(), SecurityHub()
    services = (eks, budgets, hub, XRay(), Logs(), CostExplorer())
    routes = tuple(route for service in services for route in service.routes())
    return routes, {"eks": eks.completed, "budgets": budgets.completed, "securityhub": hub.completed}


class Doubled:
    """A WSGI application: doubles answer their calls, the API server all others; what they did is counted."""

    def __init__(
        self, application: Application, routes: Iterable[Route], complete: Mapping[str, Complete]
    ) -> None:
        self._application = application
        self._routes = tuple(routes)
        self._complete = dict(complete)
        self._counts: dict[str, dict[str, int]] = {UNANSWERED: {}, DOUBLED: {}}
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if (counted := self._counts.get(environ.get("PATH_INFO", ""))) is not None:
            start_response("200 OK", [("Content-Type", "application/json")])
            with self._lock:
                return [json.dumps(counted).encode()]
        call = read_call(environ)
        if call is not None:
            for route in self._routes:
                parts = route.match(call)
                if parts is not None:
                    with self._lock:
                        self._count(DOUBLED, f"{route.service}:{route.operation}")
                        answer = route.handler(_with_parts(call, parts))
                    return _respond(answer, start_response)
        if call is not None and call.service in self._complete:
            return self._completed(call, environ, start_response)
        return self._application(environ, self._watched(call, environ, start_response))

    def _count(self, kind: str, name: str) -> None:
        self._counts[kind][name] = self._counts[kind].get(name, 0) + 1

    def _completed(self, call: Call, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Let the API server answer, and complete what it said."""
        said: list[tuple[str, list[tuple[str, str]]]] = []
        watched = self._watched(call, environ, lambda status, headers, *_: said.append((status, headers)))
        body = b"".join(self._application(environ, watched))
        ((status, headers),) = said
        if status.startswith("200"):
            with self._lock:
                body = json.dumps(self._complete[call.service](call, json.loads(body or b"{}"))).encode()
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _watched(self, call: Call | None, environ: Environ, start_response: Any) -> Any:
        def watch(status: str, headers: Any, *more: Any) -> Any:
            if status[:3] in {"500", "501"}:
                name = (
                    f"{call.service}:{call.target or f'{call.method} {call.path}'}"
                    if call
                    else environ["PATH_INFO"]
                )
                with self._lock:
                    self._count(UNANSWERED, name)
            return start_response(status, headers, *more)

        return watch


def read_call(environ: Environ) -> Call | None:
    """Return a signed JSON call of a request, its body left to be read again; None for another protocol."""
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None or environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return None
    region, service = scope.groups()
    if service == "s3":
        return None
    length = int(environ.get("CONTENT_LENGTH") or 0)
    raw = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(raw)
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        return None
    path = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ.get("PATH_INFO", "")
    return Call(
        service=service,
        method=environ["REQUEST_METHOD"],
        path=path.split("?", 1)[0],
        target=environ.get("HTTP_X_AMZ_TARGET", ""),
        region=region,
        body=body if isinstance(body, dict) else {},
    )


def _with_parts(call: Call, parts: tuple[str, ...]) -> Call:
    return Call(call.service, call.method, call.path, call.target, call.region, call.body, parts)


def _respond(answer: Answer, start_response: Any) -> list[bytes]:
    body = answer.encoded()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
    if answer.error:
        headers.append(("X-Amzn-ErrorType", answer.error))
    start_response(f"{answer.status} {'OK' if answer.status == 200 else 'Error'}", headers)
    return [body]
