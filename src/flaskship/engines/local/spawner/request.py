"""The requests of a supervisor, parsed where they come in."""

import re
import resource
import signal
from typing import Any, NamedTuple

from flaskship.engines.local.spawner.refusal import Refused

_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class SpawnRequest(NamedTuple):
    """All that one replica is started with."""

    uid: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    log: str
    cgroup: tuple[str, ...]
    rlimits: tuple[tuple[int, int], ...]
    umask: int
    nice: int
    writable: tuple[str, ...] | None = None
    """The only places below which it may write; None is no bound."""


class SignalRequest(NamedTuple):
    """A signal for the main process of a replica, or for its whole group."""

    uid: str
    number: int
    group: bool


class StopRequest(NamedTuple):
    """End when no children remain; with force make them end within the grace."""

    force: bool
    grace: float


def parse_spawn(message: dict[str, Any]) -> SpawnRequest:
    """Return the request to start a replica; Refused (BadRequest) names the field that is wrong."""
    argv = _texts(message, "argv")
    if not argv or not argv[0]:
        raise Refused("BadRequest", "argv is empty: there is nothing to run")
    env = _get(message, "env", dict, {})
    for name, value in env.items():
        if not isinstance(value, str) or not name or "=" in name or "\0" in name + value:
            raise Refused("BadRequest", f"the environment variable {name!r} cannot be set")
    return SpawnRequest(
        uid=parse_uid(message),
        argv=argv,
        env=env,
        cwd=_absolute(message, "cwd"),
        log=_absolute(message, "log"),
        cgroup=_texts(message, "cgroup"),
        rlimits=tuple(_rlimit(name, value) for name, value in _get(message, "rlimits", dict, {}).items()),
        umask=_between(message, "umask", 0, 0o777, 0o077),
        nice=_between(message, "nice", -20, 19, 0),
        writable=None if message.get("writable") is None else _texts(message, "writable"),
    )


def parse_signal(message: dict[str, Any]) -> SignalRequest:
    """Return the request to signal a replica; the signal is a number or a name like SIGTERM."""
    wanted = message.get("signal")
    number = signal.Signals.__members__.get(wanted) if isinstance(wanted, str) else wanted
    if not isinstance(number, int) or isinstance(number, bool) or number not in signal.valid_signals():
        raise Refused("BadRequest", f"{wanted!r} is no signal of this system")
    return SignalRequest(parse_uid(message), int(number), _get(message, "group", bool, False))


def parse_stop(message: dict[str, Any]) -> StopRequest:
    """Return the request to stop."""
    grace = message.get("grace", 5)
    if isinstance(grace, bool) or not isinstance(grace, int | float) or not 0 <= grace <= 3600:
        raise Refused("BadRequest", f"grace is {grace!r}, and must be seconds from 0 to 3600")
    return StopRequest(_get(message, "force", bool, False), float(grace))


def parse_uid(message: dict[str, Any]) -> str:
    """Return the uid that a request is about; it names a file, so it holds no slash."""
    uid = message.get("uid")
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise Refused("BadRequest", f"uid {uid!r} is not 1 to 128 letters, digits, dots, dashes, underscores")
    return uid


def _get(message: dict[str, Any], field: str, kind: type, default: Any) -> Any:
    value = message.get(field)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused("BadRequest", f"{field} is {type(value).__name__}, and must be {kind.__name__}")
    return value


def _between(message: dict[str, Any], field: str, least: int, most: int, default: int) -> int:
    value: int = _get(message, field, int, default)
    if not least <= value <= most:
        raise Refused("BadRequest", f"{field} is {value}, and must be from {least} to {most}")
    return value


def _texts(message: dict[str, Any], field: str) -> tuple[str, ...]:
    values = _get(message, field, list, [])
    if not all(isinstance(value, str) and "\0" not in value for value in values):
        raise Refused("BadRequest", f"{field} must be a list of strings without NUL bytes")
    return tuple(values)


def _absolute(message: dict[str, Any], field: str) -> str:
    value = message.get(field)
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise Refused("BadRequest", f"{field} is {value!r}, and must be an absolute path")
    return value


def _rlimit(name: str, value: Any) -> tuple[int, int]:
    number = getattr(resource, f"RLIMIT_{name}", None)
    if number is None:
        raise Refused("BadRequest", f"{name!r} is no resource limit of this system")
    if not isinstance(value, int) or isinstance(value, bool) or value < -1:
        raise Refused("BadRequest", f"the limit {name} is {value!r}, and must be a number or -1 (unlimited)")
    return number, value
