"""What an API server refuses of a pod although its schema takes it: validation that is code."""

import re
from collections.abc import Iterator

from flaskship.policy.kubernetes.validate import Breach, Violation
from flaskship.policy.kubernetes.volumes import refused_of_volumes
from flaskship.policy.node import Node
from flaskship.policy.objects import Object
from flaskship.policy.quantity import quantity

PORTS = range(1, 65536)
CHOICES = {
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
}
ONLY_BESIDE = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
"""What a container that ends before the others start cannot have."""
_VARIABLE = re.compile(r"[ -<>-~]+")
_PORT_NAME = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_LABEL = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
RESTARTS = ("Always", "OnFailure", "Never")
RESTARTS_SINCE = "1.35"
"""The first minor in which a container, and not only a pod, may say Never or OnFailure."""
_TERMS = {
    "requiredDuringSchedulingIgnoredDuringExecution": (),
    "preferredDuringSchedulingIgnoredDuringExecution": ("podAffinityTerm",),
}


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
            yield from _restarts(container.at("restartPolicy"), containers == "initContainers")
    yield from refused_of_volumes(spec)
    for key in _topology_keys(spec):
        if key.text is not None and not _LABEL.fullmatch(key.text):
            yield _invalid(key, f"{key.text!r} is no key of a label")


def _container(container: Node) -> Iterator[Violation]:
    for variable in container.at("env").items():
        yield from _variable(variable)
    names: set[str | None] = set()
    for port in container.at("ports").items():
        for key in ("containerPort", "hostPort"):
            number = port.at(key).number
            if number is not None and number not in PORTS and not (key == "hostPort" and number == 0):
                yield _invalid(port.at(key), f"{number} is no port: 1 to {PORTS[-1]}")
        name = port.at("name").text
        if name and not _PORT_NAME.fullmatch(name):
            yield _invalid(port.at("name"), f"{name!r} is no name of a port: at most 15 of a-z, 0-9 and -")
        if name and name in names:
            yield Violation(Breach.DUPLICATE, port.at("name").path, f"{name} stands twice in this list")
        names.add(name)
    for key, choices in CHOICES.items():
        if (given := container.at(key)).text is not None and given.text not in choices:
            yield _invalid(given, f"{given.text!r} is not one of {', '.join(choices)}")
    for kind in ("requests", "limits"):
        for name, amount in container.at("resources", kind).entries():
            if (asked := quantity(amount)) is not None and asked < 0:
                yield _invalid(amount, f"{amount.content} of {name} is less than nothing")
    yield from _mounts(container)
    image = container.at("image")
    if image.text is not None and image.text != image.text.strip():
        yield _invalid(image, "begins or ends with a space")


def _mounts(container: Node) -> Iterator[Violation]:
    for mount in container.at("volumeMounts").items():
        spread, recursive = mount.at("mountPropagation"), mount.at("recursiveReadOnly")
        if spread.text == "Bidirectional" and not container.at("securityContext", "privileged").truth:
            yield _invalid(spread, "Bidirectional belongs to a privileged container alone")
        if recursive.text in ("IfPossible", "Enabled"):
            if not mount.at("readOnly").truth:
                yield _invalid(recursive, f"{recursive.text} needs readOnly: true beside it")
            elif spread.text not in (None, "", "None"):
                yield _invalid(recursive, f"{recursive.text} and a mountPropagation exclude each other")


def _restarts(policy: Node, first: bool) -> Iterator[Violation]:
    if policy.text is None or (first and policy.text == "Always"):
        return
    if policy.text not in RESTARTS:
        yield _invalid(policy, f"{policy.text!r} is not one of {', '.join(RESTARTS)}")
    else:
        known = "Always alone" if first else "none at all"
        message = f"{policy.text} is taken since {RESTARTS_SINCE}; before, a container here has {known}"
        yield Violation(Breach.INVALID, policy.path, message, RESTARTS_SINCE)


def _topology_keys(spec: Node) -> Iterator[Node]:
    for kind in ("podAffinity", "podAntiAffinity"):
        for when, inside in _TERMS.items():
            for term in spec.at("affinity", kind, when).items():
                yield term.at(*inside, "topologyKey")


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


def _invalid(node: Node, message: str) -> Violation:
    return Violation(Breach.INVALID, node.path, message)
