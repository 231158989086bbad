"""The command of a container with references, addresses and paths replaced."""

from collections.abc import Sequence

from flaskship.engines.local.resolve.binding import Binding
from flaskship.engines.local.resolve.context import (
    Finding,
    ReplicaContext,
    ResolvedArgv,
    ResolvedEnvironment,
    not_replaced,
    rewritten,
)
from flaskship.engines.local.resolve.environment import binding_of
from flaskship.engines.local.resolve.expansion import expand
from flaskship.engines.local.resolve.hosts import ServiceHosts
from flaskship.engines.local.resolve.places import Places
from flaskship.engines.local.spec import Container

_PORT_FLAGS = ("--port", "--http-port", "-p")
_HOST_FLAGS = ("--host", "--hostname", "--address", "--bind-address", "-h")
_BIND_FLAGS = ("--bind", "-b", "--listen")


def resolve_argv(
    argv: Sequence[str], container: Container, context: ReplicaContext, environment: ResolvedEnvironment
) -> ResolvedArgv:
    """Return the command to run; every address that was rewritten is a finding."""
    binding = binding_of(container, context)
    hosts = ServiceHosts(context.services, context.namespace)
    places = Places(container, context, environment.declared)
    found: list[str] = []
    findings: list[Finding] = []
    flag = ""
    for index, raw in enumerate(argv):
        place = f"argv[{index}]"
        token = expand(raw, environment.declared)
        bound = _bound(token, flag, binding)
        if bound != token:
            findings.append(rewritten(place, "the address to listen on is the replica's own"))
        elif str(binding.declared(token) or token) != token:
            findings.append(not_replaced(place, f"port {token} is another one here: take it from $(PORT)"))
        text, named = hosts.rewrite_urls(place, bound)
        findings += named
        moved = places.rewrite(text)
        if moved != text:
            findings.append(rewritten(place, "a path of the container is a local one"))
        found.append(moved)
        flag = token
    return ResolvedArgv(tuple(found), tuple(findings))


def _bound(token: str, flag: str, binding: Binding) -> str:
    name, equals, value = token.partition("=")
    if equals and name.startswith("-"):
        return f"{name}={_bound_value(value, name, binding) or binding.inside(value)}"
    if token.startswith("-b") and not token.startswith("--") and len(token) > 2:
        return f"-b{_bound_value(token[2:], '-b', binding) or token[2:]}"
    return _bound_value(token, flag, binding) or binding.inside(token)


def _bound_value(value: str, flag: str, binding: Binding) -> str | None:
    endpoint = binding.endpoint(value)
    if endpoint is not None:
        return endpoint
    if flag in _PORT_FLAGS and (port := binding.declared(value)) is not None:
        return str(port)
    if flag in _HOST_FLAGS or flag in _BIND_FLAGS:
        return binding.every(value)
    return None
