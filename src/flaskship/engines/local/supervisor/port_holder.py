"""Whose a wanted port is: another Service's of this project, another project's, or a stranger's."""

from collections.abc import Mapping
from pathlib import Path
from socket import socket

from flaskship.engines.local.processes import ports, proc

_MODULE = "flaskship.engines.local."
_ANOTHER_PORT = "give the Service another nodePort (--set or the values file)"


def describe(
    port: int, host: str, held: Mapping[str, socket], environment: str, root: Path = proc.PROC
) -> tuple[str, str]:
    """Return who holds the port, in words, and what to do; `held` is what this project listens on."""
    for name, sock in held.items():
        if sock.getsockname()[:2] == (host, port):
            return _of_this_project(name, environment)
    holder = ports.holder_of(port, host, root)
    pid = holder.pid if holder else None
    project = _project_of(proc.read_command(pid, root)) if pid is not None else None
    if project is not None:
        return (
            f"Flaskship is using for the project in {project} (pid {pid})",
            f"See whose it is with `flaskship --project {project} status`, and end that environment with "
            f"`flaskship --project {project} down ENV`, or {_ANOTHER_PORT}.",
        )
    return f"{holder} is using", f"Stop that process, or {_ANOTHER_PORT}."


def _of_this_project(listener: str, environment: str) -> tuple[str, str]:
    owner, _, service = listener.partition("/")
    kind, name = ("Service", service.partition("/")[0]) if "/" in service else ("the", "Ingress")
    if owner == environment:
        return f"{kind} {name} of the same environment has", f"G{_ANOTHER_PORT[1:]}."
    return (
        f"{kind} {name} of {owner} has, which runs here, too",
        f"End it with `flaskship down {owner}`, or {_ANOTHER_PORT}.",
    )


def _project_of(command: list[str]) -> str | None:
    """The folder that a supervisor or router works for, by its command line."""
    if not any(word.startswith(_MODULE) for word in command) or "--project" not in command[:-1]:
        return None
    return command[command.index("--project") + 1]
