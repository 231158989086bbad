"""The pod template: what every replica of a workload is made from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flaskship.engines.local.manifests.containers import CONTAINER, SAME_USER
from flaskship.engines.local.manifests.scalars import boolean, choice, integer, object_name, text_map
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    Row,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.manifests.volumes import VOLUME
from flaskship.engines.local.spec import Container, PodTemplate, Volume

_ONE_MACHINE = "there is one machine to place replicas on"
_HASH_LENGTH = 10

POD_ROWS: dict[str, Row] = {
    "containers": honoured(ListOf(CONTAINER)),
    "initContainers": honoured(ListOf(CONTAINER)),
    "volumes": honoured(ListOf(VOLUME)),
    "restartPolicy": honoured(choice("Always", "OnFailure", "Never")),
    "terminationGracePeriodSeconds": honoured(integer()),
    "serviceAccountName": emulated(object_name, "its name reaches the downward API; it has no rights here"),
    "serviceAccount": emulated(object_name, "the old name of serviceAccountName"),
    "priorityClassName": emulated(object_name, "the order in which replicas start"),
    "enableServiceLinks": honoured(boolean, "NAME_SERVICE_HOST and NAME_SERVICE_PORT"),
    "priority": ignored("priorityClassName counts"),
    "activeDeadlineSeconds": ignored("a Job's own deadline counts"),
    "affinity": ignored(_ONE_MACHINE),
    "nodeName": ignored(_ONE_MACHINE),
    "nodeSelector": ignored(_ONE_MACHINE),
    "tolerations": ignored(_ONE_MACHINE),
    "topologySpreadConstraints": ignored(_ONE_MACHINE),
    "schedulerName": ignored(_ONE_MACHINE),
    "schedulingGates": ignored(_ONE_MACHINE),
    "schedulingGroup": ignored(_ONE_MACHINE),
    "workloadRef": ignored(_ONE_MACHINE),
    "preemptionPolicy": ignored("no replica makes room for another"),
    "automountServiceAccountToken": ignored("there is no API server to show a token to"),
    "imagePullSecrets": ignored("images are built on this machine, never pulled"),
    "securityContext": ignored(SAME_USER),
    "hostNetwork": ignored("replicas share this machine's loopback"),
    "hostPID": ignored(SAME_USER),
    "hostIPC": ignored(SAME_USER),
    "hostUsers": ignored(SAME_USER),
    "shareProcessNamespace": ignored(SAME_USER),
    "runtimeClassName": ignored(SAME_USER),
    "os": ignored("the system of this machine"),
    "overhead": ignored("nothing is reserved here"),
    "resources": ignored("the containers' resources count"),
    "resourceClaims": ignored("no devices are handed out here"),
    "readinessGates": ignored("no load balancer reports back here; the readiness probe counts"),
    "dnsPolicy": ignored("names of Services are replaced in variables"),
    "dnsConfig": ignored("names of Services are replaced in variables"),
    "hostAliases": ignored("the hosts file of this machine is left alone"),
    "hostname": ignored("replicas see this machine's name"),
    "hostnameOverride": ignored("replicas see this machine's name"),
    "subdomain": ignored("replicas see this machine's name"),
    "setHostnameAsFQDN": ignored("replicas see this machine's name"),
    "ephemeralContainers": ignored("a debugger can be attached to the process itself"),
}


def _pod(found: Fields, at: At) -> Fields:
    volumes: tuple[Volume, ...] = found.get("volumes", ())
    containers: tuple[Container, ...] = found.get("containers", ())
    init: tuple[Container, ...] = found.get("initContainers", ())
    if not containers:
        raise at.child("containers").error("is missing: one container at least is expected")
    _require_distinct([volume.name for volume in volumes], at.child("volumes"))
    _require_distinct([container.name for container in containers], at.child("containers"))
    _require_distinct([container.name for container in (*containers, *init)], at.child("initContainers"))
    for index, container in enumerate(init):
        _require_plain(container, at.child("initContainers").item(index))
    return found


def _require_distinct(names: list[str], at: At) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise at.error(f"the name {name!r} is used twice")


def _require_plain(container: Container, at: At) -> None:
    if container.always:
        return
    probes = {"startupProbe": container.startup, "readinessProbe": container.readiness}
    probes["livenessProbe"] = container.liveness
    for field, probe in probes.items():
        if probe is not None:
            raise at.child(field).error("an initContainer that is no sidecar has no probes")
    if container.pre_stop or container.post_start:
        raise at.child("lifecycle").error("an initContainer that is no sidecar has no lifecycle hooks")


POD = Record(_pod, POD_ROWS)


def _pod_metadata(found: Fields, _at: At) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return found.get("labels", {}), found.get("annotations", {})


POD_METADATA = Record(
    _pod_metadata,
    {
        "labels": honoured(text_map),
        "annotations": honoured(text_map, "for the downward API; a change replaces the replicas"),
        "name": ignored("replicas are named after their workload"),
        "generateName": ignored("replicas are named after their workload"),
        "namespace": ignored("the namespace of the release counts"),
        "creationTimestamp": ignored("written by an API server"),
        "finalizers": ignored("nothing waits for the end of a replica"),
    },
)


def _template(found: Fields, _at: At) -> PodTemplate:
    labels, annotations = found.get("metadata", ({}, {}))
    return template_of(found["spec"], labels, annotations)


def template_of(pod: Fields, labels: Mapping[str, str], annotations: Mapping[str, str]) -> PodTemplate:
    """Return the template of a parsed pod, without its hash."""
    return PodTemplate(
        hash="",
        containers=pod["containers"],
        init_containers=pod.get("initContainers", ()),
        volumes=pod.get("volumes", ()),
        labels=labels,
        annotations=annotations,
        restart_policy=pod.get("restartPolicy", "Always"),
        termination_grace=_grace(pod),
        service_account=pod.get("serviceAccountName") or pod.get("serviceAccount") or "default",
        priority_class=pod.get("priorityClassName"),
        service_links=pod.get("enableServiceLinks", True),
    )


def _grace(pod: Fields) -> int:
    seconds: int = pod.get("terminationGracePeriodSeconds", 30)
    return 1 if seconds < 0 else seconds


def require_volumes(template: PodTemplate, at: At, others: Iterable[str] = ()) -> None:
    """Refuse a mount of a volume that is neither the pod's nor one of the others."""
    names = [*(volume.name for volume in template.volumes), *others]
    groups = (("containers", template.containers), ("initContainers", template.init_containers))
    for field, group in groups:
        for index, container in enumerate(group):
            _require_mounted(container, names, at.child("spec").child(field).item(index))


def _require_mounted(container: Container, names: list[str], at: At) -> None:
    for index, mount in enumerate(container.mounts):
        if mount.volume not in names:
            known = f"it has {', '.join(names)}" if names else "it has none"
            place = at.child("volumeMounts").item(index).child("name")
            raise place.error(f"the pod has no volume named {mount.volume!r}; {known}")


class _HashedTemplate(Record[PodTemplate]):
    """A template that knows the hash of its own text."""

    __slots__ = ()

    def __call__(self, value: Any, at: At) -> PodTemplate:
        return replace(super().__call__(value, at), hash=template_hash(value))


TEMPLATE = _HashedTemplate(_template, {"metadata": honoured(POD_METADATA), "spec": required(POD)})


def template_hash(template: Mapping[str, Any]) -> str:
    """Return ten characters that change exactly when the template does; null and order do not count."""
    plain = json.dumps(_without_null(template), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:_HASH_LENGTH]


def _without_null(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_null(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_null(item) for item in value]
    return value
