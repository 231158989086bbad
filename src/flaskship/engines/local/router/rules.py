"""Which rule of an Ingress serves a request: the most specific host, then the longest path."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from flaskship.engines.local.routes import HostRule, PathType

Backend = TypeVar("Backend")


class RuleSet(Generic[Backend]):
    """Rules in their order of precedence, each with what serves it."""

    def __init__(self, rules: Sequence[tuple[HostRule, Backend]]) -> None:
        self._rules = sorted(rules, key=lambda entry: precedence(entry[0]))

    def __bool__(self) -> bool:
        return bool(self._rules)

    def find(self, host: bytes, target: bytes) -> Backend | None:
        """Return what serves this Host field and request target, None where no rule matches."""
        name = host_name(host.decode("latin-1"))
        path = target.partition(b"?")[0].decode("latin-1")
        chosen: str | None = None
        for rule, backend in self._rules:
            # Once a host matched, a less specific host's rules do not apply any more, as in Kubernetes.
            if chosen is not None and rule.host != chosen:
                return None
            if host_matches(rule.host, name):
                chosen = rule.host
                if path_matches(rule.path, rule.path_type, path):
                    return backend
        return None


def precedence(rule: HostRule) -> tuple[int, str, int, int]:
    """Return the sorting key: exact host, wildcard, any; longest path; Exact before Prefix."""
    rank = 2 if rule.host == "*" else 1 if rule.host.startswith("*.") else 0
    return rank, rule.host, -len(rule.path.rstrip("/")), 0 if rule.path_type == "Exact" else 1


def host_name(field: str) -> str:
    """Return the name in a Host field, in lower case and without the port."""
    if field.startswith("["):
        return field.partition("]")[0].lower() + "]"
    return field.partition(":")[0].rstrip(".").lower()


def host_matches(pattern: str, name: str) -> bool:
    """Say whether the rule's host covers the name; a wildcard stands for exactly one label."""
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        label, _, rest = name.partition(".")
        return bool(label) and rest == pattern[2:]
    return pattern == name


def path_matches(pattern: str, path_type: PathType, path: str) -> bool:
    """Say whether the rule's path covers the path; Prefix compares whole elements."""
    if path_type == "Exact":
        return path == pattern
    prefix = pattern.rstrip("/")
    return path == prefix or path.startswith(prefix + "/") or not prefix
