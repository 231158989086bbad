"""What an environment needs of its cluster, one by one: for doctor, which says how each is installed."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flaskship.engines.base import Need
from flaskship.engines.kubernetes import storage
from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.installing import METRICS, Controller, controller_of, how_to_install
from flaskship.engines.kubernetes.permissions import Kinds, Permissions, told, wanted
from flaskship.engines.kubernetes.place import Place
from flaskship.engines.kubernetes.preflight import check_version, namespace_finding
from flaskship.engines.kubernetes.resources import DEPLOYMENTS, NAMESPACES, PODS, Resource
from flaskship.model.release import Document

CLASSES = Resource("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False)
ENFORCE = "pod-security.kubernetes.io/enforce"


async def needs_of(
    cluster: Cluster, place: Place, documents: Iterable[Document], hooks: Iterable[Document] = ()
) -> tuple[Need, ...]:
    """Ask the cluster for everything that these objects need, and return each need with its answer.

    Of hooks it has to know the kinds.
    """
    objects = tuple(documents)
    version, kinds = await asyncio.gather(cluster.version(), cluster.api_resources())
    outdated = check_version(version, cluster.context)
    needs = [
        Need("cluster", not outdated, f"Kubernetes {version} at {cluster.server}", _advice(outdated)),
        *_kinds((*objects, *hooks), kinds),
    ]
    for found in await asyncio.gather(
        _namespace(cluster, place),
        _permissions(cluster, place, objects, kinds),
        _trial(cluster, place),
        _controllers(cluster, objects, kinds),
        _storage(cluster, objects),
        _release(cluster, place),
    ):
        needs += found
    return tuple(needs)


def _kinds(documents: Iterable[Document], kinds: Kinds) -> Iterator[Need]:
    wanted = {(str(one.get("apiVersion")), str(one.get("kind"))) for one in documents}
    for version, kind in sorted(wanted):
        # Kubernetes' own are there whenever it answers: only those that somebody installs are worth a line.
        if (version, kind) not in kinds:
            yield Need(
                kind, False, f"the cluster does not know {kind} of {version}", how_to_install(version, kind)
            )
        elif controller_of(version) is not None:
            yield Need(kind, True, f"{version} is known")


async def _namespace(cluster: Cluster, place: Place) -> list[Need]:
    try:
        namespace = await cluster.find(NAMESPACES, place.namespace)
    except ForbiddenError:
        return []  # which stands among the permissions
    if namespace is None:
        access = await cluster.may("create", NAMESPACES)
        return [
            Need(
                "namespace",
                access.allowed,
                f"{place.namespace} is not there yet"
                + ("; the first deploy makes it" if access.allowed else ""),
                f"somebody has to: kubectl --context {cluster.context} create namespace {place.namespace}",
            )
        ]
    ending = namespace_finding(place, namespace, cluster.context)
    level = (namespace["metadata"].get("labels") or {}).get(ENFORCE)
    label = f"kubectl --context {cluster.context} label namespace {place.namespace} {ENFORCE}=restricted"
    return [
        Need("namespace", not ending, ending[0].message if ending else place.namespace, _advice(ending)),
        Need(
            "Pod Security",
            level == "restricted",
            f"{place.namespace} enforces {level or 'nothing'}",
            f"our pods fulfil restricted: {label}",
            needed=False,
        ),
    ]


async def _permissions(
    cluster: Cluster, place: Place, documents: tuple[Document, ...], kinds: Kinds
) -> list[Need]:
    missing = await Permissions(cluster).missing(place, wanted(documents, kinds))
    if not missing.all:
        return [Need("permissions", True, f"the user of {cluster.context} may do what a deploy does")]
    message, advice = await told(cluster, place, missing)
    unseen = [Need("permissions", False, one, advice, needed=False) for one in missing.remarks()]
    return [Need("permissions", False, message, advice)] if missing.needed else unseen[:1]


async def _trial(cluster: Cluster, place: Place) -> list[Need]:
    """Whether a deploy can ask the namespace about its pods before it writes."""
    allowed = (await cluster.may("create", PODS, place.namespace)).allowed
    message = (
        "a deploy tries a pod of each workload in a dry run first"
        if allowed
        else "Pod Security, LimitRanges, quotas: not checked before a deploy, as the user may not create pods"
    )
    return [Need("pods", allowed, message, "ask for the permission to create pods", needed=False)]


async def _controllers(cluster: Cluster, documents: tuple[Document, ...], kinds: Kinds) -> list[Need]:
    wanted: dict[str, Controller] = {}
    for document in documents:
        controller = controller_of(str(document.get("apiVersion")))
        if controller is not None and (document.get("apiVersion"), document.get("kind")) in kinds:
            wanted[controller.name] = controller
        if document.get("kind") == "HorizontalPodAutoscaler":
            wanted[METRICS.name] = METRICS
    if not wanted:
        return []
    try:
        deployments = (await cluster.list(DEPLOYMENTS)).items
    except ForbiddenError:
        return [
            Need(
                one, False, "may not be looked for: Deployments of other namespaces are hidden", needed=False
            )
            for one in wanted
        ]
    metrics = ("metrics.k8s.io/v1beta1", "PodMetrics") in kinds
    return [
        Need(one.name, True, "serves metrics") if one is METRICS and metrics else _running(one, deployments)
        for one in wanted.values()
    ]


def _running(controller: Controller, deployments: Iterable[Mapping[str, Any]]) -> Need:
    """A controller may run in something else than a Deployment of its usual name: only worth knowing."""
    for one in deployments:
        if any(str(one["metadata"]["name"]).endswith(name) for name in controller.deployments):
            ready = int((one.get("status") or {}).get("readyReplicas") or 0)
            namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
            return Need(
                controller.name,
                ready > 0,
                f"{namespace}/{name}: {ready} ready",
                f"see: kubectl -n {namespace} describe deployment {name}",
                needed=False,
            )
    return Need(
        controller.name,
        False,
        "no Deployment of that name",
        f"unless it runs elsewhere: {controller.install}",
        False,
    )


async def _storage(cluster: Cluster, documents: Iterable[Document]) -> list[Need]:
    claims = [one for one in documents if one.get("kind") == "PersistentVolumeClaim"]
    if not claims:
        return []
    try:
        classes = (await cluster.list(CLASSES)).items
    except ForbiddenError:
        return []
    named = {str((one.get("spec") or {}).get("storageClassName") or "") for one in claims}
    default = "storageclass.kubernetes.io/is-default-class"
    known = {str(one["metadata"]["name"]) for one in classes}
    if any((one["metadata"].get("annotations") or {}).get(default) == "true" for one in classes):
        known.add("")
    lacking = sorted(named - known)
    if not lacking:
        return [Need("storage", True, f"{len(claims)} claim can be served")]
    what = f"no StorageClass {lacking[0]!r}" if lacking[0] else "no default StorageClass"
    return [Need("storage", False, what, "name one in the values: persistence.storageClassName")]


async def _release(cluster: Cluster, place: Place) -> list[Need]:
    try:
        known = await storage.revisions(cluster, place)
    except ForbiddenError:
        return []
    if not known or not known[-1].status.under_way:
        return []
    newest = known[-1]
    return [
        Need(
            "release",
            False,
            f"revision {newest.number} of {place.release} is {newest.status}: it is being written, or its "
            "writer was killed",
            f"the next deploy settles it: {place.command('deploy')}",
            needed=False,
        )
    ]


def _advice(findings: list[Any]) -> str | None:
    return findings[0].advice if findings else None
