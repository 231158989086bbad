"""What a replica gets: its variables, command, volumes and Secrets, resolved purely against its context."""

from flaskship.engines.local.resolve.argv import resolve_argv
from flaskship.engines.local.resolve.context import (
    Finding,
    ReplicaContext,
    ResolvedArgv,
    ResolvedEnvironment,
    ServiceAddress,
)
from flaskship.engines.local.resolve.environment import resolve_environment

__all__ = [
    "Finding",
    "ReplicaContext",
    "ResolvedArgv",
    "ResolvedEnvironment",
    "ServiceAddress",
    "resolve_argv",
    "resolve_environment",
]
