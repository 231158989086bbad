"""What set a variable of a workload: a value of the application, a Secret's key, a file of this machine."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from flaskship.model.location import Location
from flaskship.model.release import Document
from flaskship.tasks.places import application_path, escaped, value_at
from flaskship.tasks.prepare import Draft
from flaskship.tasks.world import World

FILE = "_FILE"
"""What ends the name of a variable that names a file with the value."""


def setter_of(
    world: World, plan: Draft, document: Document, application: str, variable: str, secrets: Path | None
) -> Location | None:
    """Where the value of a variable is said; None where nobody can point at more than the manifest.

    secrets: the file in which this machine keeps Secrets that no manifest brings, where it runs there.
    """
    for name in (variable, f"{variable}{FILE}"):
        if (
            found := _exactly(world, plan, f"{application_path(application)}.env.{escaped(name)}")
        ) is not None:
            return found
    for secret, key in _keys_behind(document, variable):
        if (found := _of_secret(world, plan, secret, key, secrets)) is not None:
            return found
    return _exactly(world, plan, f"{application_path(application)}.config.{escaped(variable)}")


def _keys_behind(document: Document, variable: str) -> Iterator[tuple[str, str]]:
    """The Secrets and keys that a pod's containers take the variable from."""
    pod = pod_of(document)
    for container in containers_of(pod):
        for entry in container.get("env") or ():
            ref = (entry.get("valueFrom") or {}).get("secretKeyRef")
            if entry.get("name") == variable and ref:
                yield str(ref.get("name")), str(ref.get("key"))
            if entry.get("name") == f"{variable}{FILE}" and isinstance(entry.get("value"), str):
                yield from _mounted(pod, container, PurePosixPath(entry["value"]))
        for source in container.get("envFrom") or ():
            if ref := source.get("secretRef"):
                yield str(ref.get("name")), variable.removeprefix(str(source.get("prefix") or ""))


def _mounted(
    pod: Mapping[str, Any], container: Mapping[str, Any], path: PurePosixPath
) -> Iterator[tuple[str, str]]:
    volumes = {one.get("name"): one for one in pod.get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        secret = (volumes.get(mount.get("name")) or {}).get("secret")
        if secret and path.parent == PurePosixPath(str(mount.get("mountPath"))):
            yield str(secret.get("secretName")), path.name


def _of_secret(world: World, plan: Draft, secret: str, key: str, secrets: Path | None) -> Location | None:
    for one in plan.rendered.documents:
        if one.get("kind") == "Secret" and (one.get("metadata") or {}).get("name") == secret:
            return _exactly(world, plan, f"secrets.generated.{escaped(key)}")
    # Loaded where a cause lies there, not by every command.
    from flaskship.engines.local.resolve.secret_file import line_of

    if secrets is not None and (line := line_of(secrets, secret, key)) is not None:
        return Location(secrets, line)
    for one in plan.rendered.documents:
        target = ((one.get("spec") or {}).get("target") or {}).get("name")
        name = str((one.get("metadata") or {}).get("name"))
        if one.get("kind") == "ExternalSecret" and secret in (target, name):
            root = f"secrets.external.secrets.{escaped(name)}"
            for part in (f"template.{escaped(key)}", f"data.{escaped(key)}"):
                if (found := _exactly(world, plan, f"{root}.{part}")) is not None:
                    return found
    if value_at(world, plan.layered, "secrets.appSecrets") == secret:
        return _exactly(world, plan, "secrets.provider")
    return None


def _exactly(world: World, plan: Draft, path: str) -> Location | None:
    """Where the winner of this very path stands: what stands above it says nothing of it."""
    origins = world.origins(plan.layered, path)
    return origins[-1].location if origins else None


def pod_of(document: Document) -> Mapping[str, Any]:
    """The pod that a workload makes."""
    spec = document.get("spec") or {}
    pod: Mapping[str, Any] = (spec.get("template") or {}).get("spec") or {}
    return pod


def containers_of(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All containers of a pod, those that initialize first."""
    yield from pod.get("initContainers") or ()
    yield from pod.get("containers") or ()
