"""What an API server refuses of one container although its schema takes it."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import (
    PORTS,
    Forms,
    invalid,
    label_name,
    named,
    needs,
    object_name,
    one_of,
    port,
    refused_by,
    relative,
    sole,
    where_any,
)
from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.node import Node
from flaskship.policy.quantity import quantity

_VARIABLE = re.compile(r"[ -<>-~]+")
_KEY = re.compile(r"(?!\.\.)(?!\.$)[-._a-zA-Z0-9]{1,253}")
_SOURCE = sole("source", ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"))
_FIELD = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs)"
)
_OWN = r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)"
_DIVISORS = {
    "cpu": ("1m", "1"),
    "memory": ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"),
}
_FORMS: Forms = (
    ("name", label_name),
    ("", needs("image")),
    ("terminationMessagePolicy", one_of("File", "FallbackToLogsOnError")),
    ("imagePullPolicy", one_of("Always", "IfNotPresent", "Never")),
    ("ports[].name", where_any(port)),
    ("envFrom[]", sole("source", ("configMapRef", "secretRef"))),
    *(
        form
        for source in (
            "envFrom[].configMapRef",
            "envFrom[].secretRef",
            "env[].valueFrom.configMapKeyRef",
            "env[].valueFrom.secretKeyRef",
        )
        for form in ((source, needs("name")), (f"{source}.name", where_any(object_name)))
    ),
    (
        "envFrom[].prefix",
        named(re.compile(r"[ -<>-~]*"), "beginning of a variable: no =, nothing unprintable"),
    ),
    ("env[].name", named(_VARIABLE, "name of a variable: no = and nothing unprintable")),
    ("env[].valueFrom", _SOURCE),
    ("env[].valueFrom.configMapKeyRef.key", named(_KEY, "key")),
    ("env[].valueFrom.secretKeyRef.key", named(_KEY, "key")),
    ("env[].valueFrom.fieldRef.fieldPath", named(_FIELD, "field that a variable can hold")),
    ("env[].valueFrom.fieldRef.apiVersion", one_of("", "v1")),
    (
        "env[].valueFrom.resourceFieldRef.resource",
        named(re.compile(_OWN), "resource that a variable can hold"),
    ),
    ("volumeMounts[]", needs("mountPath")),
    ("volumeMounts[].subPath", relative),
    ("volumeMounts[].subPathExpr", relative),
    ("volumeMounts[].mountPropagation", one_of("", "None", "HostToContainer", "Bidirectional")),
    ("volumeMounts[].recursiveReadOnly", one_of("", "Disabled", "IfPossible", "Enabled")),
)
RESTARTS = ("Always", "OnFailure", "Never")
RESTARTS_SINCE = "1.35"
"""The first minor in which a container, and not only a pod, may say Never or OnFailure."""


def refused_of_container(spec: Node, container: Node, first: bool) -> Iterator[Violation]:
    """Every violation of a container; first are those that end before the others start."""
    yield from refused_by(_FORMS, container)
    for variable in container.at("env").items():
        yield from _variable(variable)
    yield from _ports(spec, container)
    yield from _mounts(spec, container)
    yield from _restarts(container.at("restartPolicy"), first)
    image = container.at("image")
    if image.text and image.text != image.text.strip():
        yield invalid(image, "begins or ends with a space")


def _variable(variable: Node) -> Iterator[Violation]:
    source = variable.at("valueFrom")
    if source and variable.at("value").text:
        yield invalid(source, "stands beside a value: one of the two")
    resource = source.at("resourceFieldRef")
    divisor = resource.at("divisor")
    known = _DIVISORS.get((resource.at("resource").text or "").rpartition(".")[2])
    amount = quantity(divisor)
    # 1024 is not 1Ki here: the server compares how it writes them.
    binary = "i" in str(divisor.content)
    if (
        known
        and amount
        and not any(quantity(Node(one)) == amount and ("i" in one) is binary for one in known)
    ):
        yield invalid(
            divisor, f"{divisor.content} divides no {resource.at('resource').text}: {', '.join(known)}"
        )


def _ports(spec: Node, container: Node) -> Iterator[Violation]:
    names: set[str | None] = set()
    hosts: set[tuple[str | None, str | None, int]] = set()
    for one in container.at("ports").items():
        for key in ("containerPort", "hostPort"):
            number = one.at(key).number
            if number is not None and number not in PORTS and not (key == "hostPort" and number == 0):
                yield invalid(one.at(key), f"{number} is no port: 1 to {PORTS[-1]}")
        name, host = one.at("name").text, one.at("hostPort").number
        if name and name in names:
            yield Violation(Breach.DUPLICATE, one.at("name").path, f"{name} stands twice in this list")
        names.add(name)
        if not host:
            continue
        if spec.at("hostNetwork").truth and host != one.at("containerPort").number:
            yield invalid(one.at("hostPort"), f"{host} is not the containerPort, which hostNetwork asks for")
        where = (one.at("protocol").text or "TCP", one.at("hostIP").text, host)
        if where in hosts:
            yield Violation(Breach.DUPLICATE, one.at("hostPort").path, f"{host} stands twice in this list")
        hosts.add(where)


def _mounts(spec: Node, container: Node) -> Iterator[Violation]:
    for mount in container.at("volumeMounts").items():
        spread, recursive = mount.at("mountPropagation"), mount.at("recursiveReadOnly")
        if spread.text == "Bidirectional" and not container.at("securityContext", "privileged").truth:
            yield invalid(spread, "Bidirectional belongs to a privileged container alone")
        if recursive.text in ("IfPossible", "Enabled"):
            if not mount.at("readOnly").truth:
                yield invalid(recursive, f"{recursive.text} needs readOnly: true beside it")
            elif spread.text not in (None, "", "None"):
                yield invalid(recursive, f"{recursive.text} and a mountPropagation exclude each other")
        if mount.at("subPath").text and mount.at("subPathExpr").text:
            yield invalid(mount.at("subPathExpr"), "and subPath exclude each other")
    raw = {
        volume.at("name").text
        for volume in spec.at("volumes").items()
        if volume.at("persistentVolumeClaim") or volume.at("ephemeral")
    }
    for device in container.at("volumeDevices").items():
        if device.at("name").text not in raw:
            yield invalid(
                device.at("name"), f"{device.at('name').content} is no volume of a claim, as a device is"
            )


def _restarts(policy: Node, first: bool) -> Iterator[Violation]:
    if policy.text is None or (first and policy.text == "Always"):
        return
    if policy.text not in RESTARTS:
        yield invalid(policy, f"{policy.text!r} is not one of {', '.join(RESTARTS)}")
    else:
        known = "Always alone" if first else "none at all"
        message = f"{policy.text} is taken since {RESTARTS_SINCE}; before, a container here has {known}"
        yield Violation(Breach.INVALID, policy.path, message, RESTARTS_SINCE)
