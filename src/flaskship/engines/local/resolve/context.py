"""What one replica is resolved against, and what comes out."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from flaskship.engines.local.spec import Configuration
from flaskship.model.frozen import dataclass
from flaskship.model.snapshot import Problem

ConfigurationKey = tuple[str, str]
"""The kind (ConfigMap or Secret) and the name."""


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a Service answers on this machine; ports is the Service's port -> the local one."""

    name: str
    namespace: str
    host: str
    ports: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ReplicaContext:
    """Everything around a replica that its environment, arguments and volumes depend on."""

    environment: str
    namespace: str
    release: str
    uid: str
    name: str
    application: str
    address: str
    port_map: Mapping[int, int] = field(default_factory=dict)
    """containerPort -> the port here; what is missing keeps its number."""
    volumes: Mapping[str, Path] = field(default_factory=dict)
    """Volume name -> its local folder."""
    configurations: Mapping[ConfigurationKey, Configuration] = field(default_factory=dict, repr=False)
    services: tuple[ServiceAddress, ...] = ()
    project_root: Path = Path()
    path_map: tuple[tuple[str, Path], ...] = ()
    """Folder of the image -> its local folder."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels beside the template's, such as pod-template-hash."""
    node_name: str = "localhost"
    host_address: str = "127.0.0.1"
    cpu_millis: int = 1000
    """What the downward API shows where no CPU limit is set: this machine."""
    memory_bytes: int = 0
    """What the downward API shows where no memory limit is set: this machine."""

    def port(self, container_port: int) -> int:
        """Return the port here of a container's port."""
        return self.port_map.get(container_port, container_port)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as on a cluster; strict ones are errors under --strict."""

    code: str
    field: str
    message: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedEnvironment:
    """The variables of a container; problem says why it cannot start, declared is for $(VAR) only."""

    env: Mapping[str, str] = field(repr=False)
    declared: Mapping[str, str] = field(repr=False)
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ResolvedArgv:
    """A command with its references and addresses replaced."""

    argv: tuple[str, ...] = field(repr=False)
    findings: tuple[Finding, ...] = ()


def rewritten(place: str, message: str) -> Finding:
    """Return the finding of a value that is another one here than on a cluster."""
    return Finding("Rewritten", place, message)


def not_replaced(place: str, message: str) -> Finding:
    """Return the finding of a value that only a cluster can make sense of."""
    return Finding("NotReplaced", place, message, strict=True)
