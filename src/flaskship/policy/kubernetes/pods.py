"""What an API server refuses of a pod although its schema takes it: validation that is code."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.node import Node
from flaskship.policy.objects import Object
from flaskship.policy.quantity import quantity

PORTS = range(1, 65536)
TOKEN_SECONDS = range(600, (1 << 32) + 1)
CHOICES = {
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
}
ONLY_BESIDE = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
"""What a container that ends before the others start cannot have."""
_VARIABLE = re.compile(r"[ -<>-~]+")
_PORT_NAME = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_FIELD = re.compile(r"metadata\.(name|namespace|uid|labels|annotations|(labels|annotations)\['[^']+'\])")


def refused_of_pods(one: Object) -> Iterator[Violation]:
    """Every violation of an object's pod."""
    if one.pod is None:
        return
    spec = one.pod.spec
    for container in spec.at("initContainers").items():
        if container.at("restartPolicy").text != "Always":
            for part in ONLY_BESIDE:
                if container.at(part):
                    message = "belongs to no init container that ends first (restartPolicy Always keeps one)"
                    yield _invalid(container.at(part), message)
    for containers in ("initContainers", "containers"):
        for container in spec.at(containers).items():
            yield from _container(container)
    for volume in spec.at("volumes").items():
        yield from _volume(volume)


def _container(container: Node) -> Iterator[Violation]:
    for variable in container.at("env").items():
        yield from _variable(variable)
    for port in container.at("ports").items():
        for key in ("containerPort", "hostPort"):
            number = port.at(key).number
            if number is not None and number not in PORTS and not (key == "hostPort" and number == 0):
                yield _invalid(port.at(key), f"{number} is no port: 1 to {PORTS[-1]}")
        name = port.at("name").text
        if name and not _PORT_NAME.fullmatch(name):
            yield _invalid(port.at("name"), f"{name!r} is no name of a port: at most 15 of a-z, 0-9 and -")
    for key, choices in CHOICES.items():
        if (given := container.at(key)).text is not None and given.text not in choices:
            yield _invalid(given, f"{given.text!r} is not one of {', '.join(choices)}")
    image = container.at("image")
    if image.text is not None and image.text != image.text.strip():
        yield _invalid(image, "begins or ends with a space")


def _variable(variable: Node) -> Iterator[Violation]:
    name = variable.at("name").text
    if name is not None and not _VARIABLE.fullmatch(name):
        yield _invalid(
            variable.at("name"), f"{name!r} is no name of a variable: no = and nothing unprintable"
        )
    source = variable.at("valueFrom")
    if source and variable.at("value").text:
        yield _invalid(source, "stands beside a value: one of the two")
    if source and len([key for key, value in source.entries() if value]) != 1:
        yield _invalid(source, "has to name one source")


def _volume(volume: Node) -> Iterator[Violation]:
    limit = volume.at("emptyDir", "sizeLimit")
    amount = quantity(limit)
    if amount is not None and amount < 0:
        yield _invalid(limit, f"{limit.content} is less than nothing")
    yield from _files(volume.at("downwardAPI"))
    for kind in ("secret", "configMap"):
        yield from _paths(volume.at(kind))
    for source in volume.at("projected", "sources").items():
        yield from _files(source.at("downwardAPI"))
        for kind in ("secret", "configMap"):
            yield from _paths(source.at(kind))
        seconds = source.at("serviceAccountToken", "expirationSeconds")
        if seconds.number is not None and seconds.number not in TOKEN_SECONDS:
            yield _invalid(seconds, f"{seconds.number} is no time for a token: at least {TOKEN_SECONDS[0]}")


def _files(downward: Node) -> Iterator[Violation]:
    yield from _paths(downward)
    for item in downward.at("items").items():
        field = item.at("fieldRef", "fieldPath")
        if field.text is not None and not _FIELD.fullmatch(field.text):
            known = "metadata.name, namespace, uid, labels or annotations"
            yield _invalid(field, f"{field.text!r} is no field that a file can hold: {known}")


def _paths(source: Node) -> Iterator[Violation]:
    for item in source.at("items").items():
        path = item.at("path")
        if path.text is not None and (path.text.startswith(("/", "..")) or ".." in path.text.split("/")):
            yield _invalid(path, f"{path.text!r} has to stay in the volume: relative, and without ..")


def _invalid(node: Node, message: str) -> Violation:
    return Violation(Breach.INVALID, node.path, message)
