"""What an API server refuses of the fields of a pod itself: names, addresses, what is for its kind alone."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import (
    DOMAIN,
    Forms,
    address,
    annotations,
    invalid,
    key_name,
    label_name,
    labels,
    named,
    needs,
    object_name,
    one_of,
    refused_by,
    sole,
    where_any,
    within,
)
from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.node import Node
from flaskship.policy.objects import Object

_SEARCH = re.compile(
    r"\.|(?=.{1,254}$)[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?"
)
_MOST = (("nameservers", 3), ("searches", 32))
_RUNNING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Rollout")
"""The kinds that start a pod again whenever it ends."""
_FORMS: Forms = (
    ("hostAliases[].ip", address),
    ("hostAliases[].hostnames[]", named(DOMAIN, "name of a machine: a-z, 0-9, - and dots")),
    ("dnsConfig.nameservers[]", address),
    ("dnsConfig.searches[]", named(_SEARCH, "domain to search")),
    ("dnsConfig.options[]", needs("name")),
    ("dnsPolicy", one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")),
    ("hostname", label_name),
    ("subdomain", label_name),
    ("nodeName", object_name),
    ("priorityClassName", where_any(object_name)),
    ("runtimeClassName", object_name),
    ("serviceAccountName", where_any(object_name)),
    ("preemptionPolicy", one_of("PreemptLowerPriority", "Never")),
    ("readinessGates[].conditionType", key_name),
    ("schedulingGates[].name", key_name),
    ("resourceClaims[].name", label_name),
    (
        "resourceClaims[]",
        sole("claim", ("resourceClaimName", "resourceClaimTemplateName")),
    ),
    ("os.name", one_of("linux", "windows")),
    ("activeDeadlineSeconds", within(1)),
)


def refused_of_pod_fields(one: Object, template: Node, spec: Node) -> Iterator[Violation]:
    """Every violation of a pod's own fields, as its kind allows them."""
    yield from refused_by(_FORMS, spec)
    yield from labels(template.at("metadata", "labels"))
    yield from annotations(template.at("metadata", "annotations"))
    if one.kind in _RUNNING:
        if spec.at("restartPolicy").text not in (None, "", "Always"):
            yield invalid(
                spec.at("restartPolicy"), f"{spec.at('restartPolicy').text!r} in a {one.kind} is Always"
            )
        if spec.at("activeDeadlineSeconds"):
            yield invalid(spec.at("activeDeadlineSeconds"), f"belongs to no pod of a {one.kind}")
    if spec.at("ephemeralContainers").content and one.kind != "Pod":
        yield invalid(spec.at("ephemeralContainers"), "belong to no pod that is still to be made")
    if isinstance(spec.content, dict) and spec.at("containers").content == []:
        yield invalid(spec.at("containers"), "is empty: a pod has one container at least")
    if spec.at("dnsPolicy").text == "None" and not spec.at("dnsConfig", "nameservers").content:
        yield invalid(spec.at("dnsConfig", "nameservers"), "is required beside dnsPolicy None")
    for name, most in _MOST:
        if len(list(spec.at("dnsConfig", name).items())) > most:
            yield invalid(spec.at("dnsConfig", name), f"has more than {most} entries")
    yield from _names(spec)


def _names(spec: Node) -> Iterator[Violation]:
    """No container has the name of another, whichever list it is in; in one list the schema tells it."""
    apart: set[str | None] = {container.at("name").text for container in spec.at("containers").items()}
    for container in spec.at("initContainers").items():
        name = container.at("name")
        if name.text and name.text in apart:
            yield Violation(Breach.DUPLICATE, name.path, f"{name.text} is the name of another container")
