"""The route table: what the supervisor pushes to the router, whole and numbered."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, cast

from flaskship.model.frozen import dataclass

Protocol = Literal["http", "tcp"]
PathType = Literal["Prefix", "Exact"]


class RouteError(ValueError):
    """A document that is no route table; the message names the field."""


@dataclass(frozen=True, slots=True)
class RouteEndpoint:
    """One replica's address; of 100 requests a group gets the share of its summed weights."""

    uid: str
    host: str
    port: int
    weight: int = 1
    group: str = ""
    """Replicas of one template (stable, canary): shares are kept between groups, not inside one."""


@dataclass(frozen=True, slots=True)
class HostRule:
    """One path of an Ingress; host is exact, *.example.com (one label) or * for any."""

    host: str
    path: str
    path_type: PathType
    endpoints: tuple[RouteEndpoint, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """What one listener does; endpoints serve whatever no rule matches. service is its name for people.

    Rules without endpoints and without a service beside them are all there is: 404 for whatever none matches.
    """

    listener: str
    protocol: Protocol = "http"
    endpoints: tuple[RouteEndpoint, ...] = ()
    rules: tuple[HostRule, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All routes at once; a higher number replaces a lower one."""

    number: int
    routes: tuple[Route, ...] = field(default=())


def to_json(table: RouteTable) -> dict[str, Any]:
    """Return the table as a document of plain JSON types."""
    return {"number": table.number, "routes": [_route_json(route) for route in table.routes]}


def from_json(document: object) -> RouteTable:
    """Return the table that to_json wrote; RouteError names what is missing, unknown or of a wrong type."""
    entry = _Entry(document, "table", {"number", "routes"})
    number = entry.integer("number", low=0)
    routes = tuple(_parse_route(item, f"table.routes[{i}]") for i, item in enumerate(entry.items("routes")))
    names = [route.listener for route in routes]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise RouteError(f"table.routes: listener {twice[0]!r} has two routes")
    return RouteTable(number, routes)


def _route_json(route: Route) -> dict[str, Any]:
    return {
        "listener": route.listener,
        "protocol": route.protocol,
        "service": route.service,
        "endpoints": [_endpoint_json(endpoint) for endpoint in route.endpoints],
        "rules": [
            {
                "host": rule.host,
                "path": rule.path,
                "path_type": rule.path_type,
                "service": rule.service,
                "endpoints": [_endpoint_json(endpoint) for endpoint in rule.endpoints],
            }
            for rule in route.rules
        ],
    }


def _endpoint_json(endpoint: RouteEndpoint) -> dict[str, Any]:
    return {
        "uid": endpoint.uid,
        "host": endpoint.host,
        "port": endpoint.port,
        "weight": endpoint.weight,
        "group": endpoint.group,
    }


def _parse_route(document: object, where: str) -> Route:
    entry = _Entry(document, where, {"listener", "protocol", "service", "endpoints", "rules"})
    protocol = cast(Protocol, entry.choice("protocol", ("http", "tcp")))
    rules = tuple(_parse_rule(item, f"{where}.rules[{i}]") for i, item in enumerate(entry.items("rules")))
    if rules and protocol == "tcp":
        raise RouteError(f"{where}.rules: a tcp route sees no host and no path")
    return Route(
        listener=entry.text("listener"),
        protocol=protocol,
        endpoints=_parse_endpoints(entry, where),
        rules=rules,
        service=entry.text("service", empty=True),
    )


def _parse_rule(document: object, where: str) -> HostRule:
    entry = _Entry(document, where, {"host", "path", "path_type", "service", "endpoints"})
    path = entry.text("path")
    if not path.startswith("/"):
        raise RouteError(f"{where}.path: {path!r} does not begin with /")
    return HostRule(
        host=entry.text("host").lower(),
        path=path,
        path_type=cast(PathType, entry.choice("path_type", ("Prefix", "Exact"))),
        endpoints=_parse_endpoints(entry, where),
        service=entry.text("service", empty=True),
    )


def _parse_endpoints(parent: "_Entry", where: str) -> tuple[RouteEndpoint, ...]:
    found = []
    for i, item in enumerate(parent.items("endpoints")):
        entry = _Entry(item, f"{where}.endpoints[{i}]", {"uid", "host", "port", "weight", "group"})
        found.append(
            RouteEndpoint(
                uid=entry.text("uid"),
                host=entry.text("host"),
                port=entry.integer("port", low=1, high=65535),
                weight=entry.integer("weight", low=0, high=1_000_000),
                group=entry.text("group", empty=True),
            )
        )
    return tuple(found)


class _Entry:
    """One JSON object being parsed; every error names its path."""

    def __init__(self, document: object, where: str, known: set[str]) -> None:
        if not isinstance(document, Mapping):
            raise RouteError(f"{where}: an object is expected, not {type(document).__name__}")
        unknown = sorted(str(key) for key in document if key not in known)
        if unknown:
            raise RouteError(f"{where}.{unknown[0]}: unknown; known are {', '.join(sorted(known))}")
        self._document = document
        self._where = where

    def text(self, key: str, *, empty: bool = False) -> str:
        value = self._document.get(key, "" if empty else None)
        if not isinstance(value, str) or not (value or empty):
            raise RouteError(f"{self._where}.{key}: a text is expected, not {value!r}")
        return value

    def integer(self, key: str, *, low: int, high: int | None = None) -> int:
        value = self._document.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RouteError(f"{self._where}.{key}: a whole number is expected, not {value!r}")
        if value < low or (high is not None and value > high):
            raise RouteError(f"{self._where}.{key}: {value} is out of range")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self._document.get(key)
        if value not in allowed:
            raise RouteError(f"{self._where}.{key}: one of {', '.join(allowed)} is expected, not {value!r}")
        return cast(str, value)

    def items(self, key: str) -> list[object]:
        value = self._document.get(key, [])
        if not isinstance(value, list):
            raise RouteError(f"{self._where}.{key}: a list is expected, not {type(value).__name__}")
        return value
