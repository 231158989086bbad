"""Probes and lifecycle hooks."""

from flaskship.engines.local.manifests.scalars import (
    choice,
    integer,
    port,
    port_number,
    text,
    text_list,
    words,
)
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.spec import Exec, Handler, HttpGet, Probe, Sleep, TcpSocket


def _header(found: Fields, _at: At) -> tuple[str, str]:
    return found["name"], found.get("value", "")


def _http_get(found: Fields, _at: At) -> HttpGet:
    path = found.get("path") or "/"
    return HttpGet(
        path=path if path.startswith("/") else f"/{path}",
        port=found["port"],
        scheme=found.get("scheme", "HTTP"),
        host=found.get("host") or None,
        headers=found.get("httpHeaders", ()),
    )


def _tcp_socket(found: Fields, _at: At) -> TcpSocket:
    return TcpSocket(port=found["port"], host=found.get("host") or None)


def _grpc(found: Fields, _at: At) -> TcpSocket:
    return TcpSocket(port=found["port"])


def _exec(found: Fields, at: At) -> Exec:
    if not found["command"]:
        raise at.child("command").error("is empty")
    return Exec(command=found["command"])


def _sleep(found: Fields, _at: At) -> Sleep:
    return Sleep(seconds=found["seconds"])


HTTP_GET = Record(
    _http_get,
    {
        "path": honoured(text),
        "port": required(port),
        "scheme": honoured(choice("HTTP", "HTTPS"), "certificates are not verified, as in Kubernetes"),
        "host": honoured(text),
        "httpHeaders": honoured(ListOf(Record(_header, {"name": required(words), "value": honoured(text)}))),
    },
)
TCP_SOCKET = Record(_tcp_socket, {"port": required(port), "host": honoured(text)})
EXEC = Record(_exec, {"command": required(text_list)})
SLEEP = Record(_sleep, {"seconds": required(integer(0))})
GRPC = Record(_grpc, {"port": required(port_number), "service": ignored("the port has to open, no more")})


def _handler(found: Fields, at: At, names: tuple[str, ...]) -> Handler:
    given = [name for name in names if name in found]
    if len(given) != 1:
        raise at.error(f"exactly one of {', '.join(names)} is expected, not {' and '.join(given) or 'none'}")
    handler: Handler = found[given[0]]
    return handler


def _hook(found: Fields, at: At) -> Handler:
    return _handler(found, at, ("exec", "httpGet", "sleep", "tcpSocket"))


def _probe(found: Fields, at: At, *, repeats: bool) -> Probe:
    handler = _handler(found, at, ("exec", "grpc", "httpGet", "tcpSocket"))
    assert not isinstance(handler, Sleep)
    success = found.get("successThreshold") or 1
    if success != 1 and not repeats:
        raise at.child("successThreshold").error("must be 1 for a liveness or startup probe")
    return Probe(
        handler=handler,
        initial_delay=found.get("initialDelaySeconds", 0),
        period=found.get("periodSeconds") or 10,
        timeout=found.get("timeoutSeconds") or 1,
        success_threshold=success,
        failure_threshold=found.get("failureThreshold") or 3,
    )


def _one_success_probe(found: Fields, at: At) -> Probe:
    return _probe(found, at, repeats=False)


def _repeated_probe(found: Fields, at: At) -> Probe:
    return _probe(found, at, repeats=True)


_ROWS: dict[str, Row] = {
    "httpGet": honoured(HTTP_GET),
    "tcpSocket": honoured(TCP_SOCKET),
    "exec": honoured(EXEC),
    "grpc": emulated(GRPC, "its port has to open; the health service is not asked"),
    "initialDelaySeconds": honoured(integer(0)),
    "periodSeconds": honoured(integer(0), "0 is the default, as in Kubernetes"),
    "timeoutSeconds": honoured(integer(0), "0 is the default, as in Kubernetes"),
    "successThreshold": honoured(integer(0), "0 is the default, as in Kubernetes"),
    "failureThreshold": honoured(integer(0), "0 is the default, as in Kubernetes"),
    "terminationGracePeriodSeconds": ignored("the grace of the replica counts"),
}
ONE_SUCCESS_PROBE = Record(_one_success_probe, _ROWS)
REPEATED_PROBE = Record(_repeated_probe, _ROWS)

HOOK = Record(
    _hook,
    {
        "exec": honoured(EXEC),
        "httpGet": honoured(HTTP_GET),
        "sleep": honoured(SLEEP),
        "tcpSocket": honoured(TCP_SOCKET, "deprecated in Kubernetes"),
    },
)


def _lifecycle(found: Fields, _at: At) -> tuple[Handler | None, Handler | None]:
    return found.get("preStop"), found.get("postStart")


LIFECYCLE = Record(
    _lifecycle,
    {
        "preStop": honoured(HOOK),
        "postStart": honoured(HOOK),
        "stopSignal": ignored("SIGTERM is sent"),
    },
)
