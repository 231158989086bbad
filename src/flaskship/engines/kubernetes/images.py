"""Which image each application runs: as its manifests name it, and as its pods say."""

from collections.abc import Iterable, Mapping
from typing import Any

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.resources import PODS
from flaskship.model.release import Document, Release

WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "DaemonSet")
APPLICATION = "app.kubernetes.io/name"


def images_by_application(release: Release) -> dict[str, str]:
    """Return the digest that the manifests name for each application; empty where they name a tag."""
    found = {}
    for document in release.documents:
        if document.get("kind") in WORKLOADS:
            name = str(document["metadata"]["name"])
            reference = _main_image(document, name)
            found[name] = reference.partition("@")[2] or release.images.get(reference, "")
    return found


async def running_digests(cluster: Cluster, place: Place) -> dict[str, str]:
    """Return the digest that each application's ready pods run now, where they agree on one."""
    selector = f"app.kubernetes.io/instance={place.release}"
    pods = (await cluster.list(PODS, place.namespace, labels=selector)).items
    return agreed(_reported(pods))


def agreed(reported: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the one digest of each application; one whose pods differ has none."""
    found: dict[str, set[str]] = {}
    for application, digest in reported:
        found.setdefault(application, set()).add(digest)
    return {name: next(iter(digests)) for name, digests in found.items() if len(digests) == 1}


def _reported(pods: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for pod in pods:
        metadata = pod["metadata"]
        application = (metadata.get("labels") or {}).get(APPLICATION)
        if not application or metadata.get("deletionTimestamp"):
            continue
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            if status.get("name") == application and status.get("ready") and status.get("imageID"):
                # repository@digest where the runtime knows a repository, else the configuration's digest.
                yield application, str(status["imageID"]).rpartition("@")[2]


def _main_image(document: Document, name: str) -> str:
    pod: Mapping[str, Any] = ((document.get("spec") or {}).get("template") or {}).get("spec") or {}
    containers: list[Mapping[str, Any]] = pod.get("containers") or [{}]
    main = next((one for one in containers if one.get("name") == name), containers[0])
    return str(main.get("image") or "")
