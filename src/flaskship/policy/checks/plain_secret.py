"""A secret stands in plain text in a manifest."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Container, Fault
from flaskship.policy.secrecy import is_named_secret, looks_secret

CODE = "plain-secret"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find literal variables, arguments and ConfigMap entries that look like secrets."""
    for container in context.containers:
        for variable in container.node.at("env").items():
            name, value = variable.at("name").text or "", variable.at("value")
            if value.text and (why := looks_secret(name, value.text)):
                yield container.fault(f"variable {name} {why}", value, f"env.{name}")
        yield from _arguments(container)
    for one in context.of("ConfigMap"):
        for key, value in one.node.at("data").entries():
            if value.text and (why := looks_secret(key, value.text)):
                yield one.fault(f"entry {key} {why}", value, f"config.{key}")


def _arguments(container: Container) -> Iterator[Fault]:
    for part in ("command", "args"):
        for argument in container.node.at(part).items():
            name, equals, value = (argument.text or "").lstrip("-").partition("=")
            spelled = name.replace("-", "_")
            if equals and is_named_secret(spelled) and (why := looks_secret(spelled, value)):
                yield container.fault(f"argument --{name} {why}", argument, part)
