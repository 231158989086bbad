"""What a replica gets: its variables, command, volumes and Secrets, resolved against its context."""

from flaskship.engines.local.resolve.argv import resolve_argv
from flaskship.engines.local.resolve.context import (
    Finding,
    ReplicaContext,
    ResolvedArgv,
    ResolvedEnvironment,
    ServiceAddress,
)
from flaskship.engines.local.resolve.environment import resolve_environment
from flaskship.engines.local.resolve.places import resolve_working_dir
from flaskship.engines.local.resolve.secret_file import load_secrets, save_secrets
from flaskship.engines.local.resolve.secret_rules import STAND_INS
from flaskship.engines.local.resolve.secrets import SecretPlan, plan_secrets
from flaskship.engines.local.resolve.volumes import (
    ResolvedVolumes,
    VolumeFile,
    VolumeFolder,
    resolve_volumes,
)
from flaskship.engines.local.resolve.writing import write_volumes

__all__ = [
    "STAND_INS",
    "Finding",
    "ReplicaContext",
    "ResolvedArgv",
    "ResolvedEnvironment",
    "ResolvedVolumes",
    "SecretPlan",
    "ServiceAddress",
    "VolumeFile",
    "VolumeFolder",
    "load_secrets",
    "plan_secrets",
    "resolve_argv",
    "resolve_environment",
    "resolve_volumes",
    "resolve_working_dir",
    "save_secrets",
    "write_volumes",
]
