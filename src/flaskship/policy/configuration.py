"""What a container is configured with: literal variables, and those that ConfigMaps give."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.node import Node
from flaskship.policy.objects import Container, Object

Variable = tuple[str, str, Node]
"""A name, its text, and where the container asks for it."""


def variables(context: Context, container: Container) -> Iterator[Variable]:
    """Every variable whose text the manifests tell; what a Secret gives is never read."""
    for variable in container.node.at("env").items():
        name, value = variable.at("name").text, variable.at("value").text
        reference = variable.at("valueFrom", "configMapKeyRef")
        if name and value is not None:
            yield name, value, variable.at("value")
        elif name and reference and (found := config_map(context, container, reference.at("name"))):
            text = found.node.at("data", reference.at("key").text or "").text
            if text is not None:
                yield name, text, variable
    # Of two sources with one key the later one wins, so that it comes first.
    for source in reversed(tuple(container.node.at("envFrom").items())):
        if found := config_map(context, container, source.at("configMapRef", "name")):
            prefix = source.at("prefix").text or ""
            for key, value in found.node.at("data").labels.items():
                yield prefix + key, value, source


def config_map(context: Context, container: Container, name: Node) -> Object | None:
    """The ConfigMap of a name in the container's namespace, where the environment renders it."""
    found = context.makers("ConfigMap", container.pod.owner.namespace, name.text)
    return found[0] if found else None
