"""What a pod refers to and does not find: ConfigMaps, Secrets and their keys."""

import re
from collections.abc import Iterable

from flaskship.engines.kubernetes.observing.conditions import condition
from flaskship.engines.kubernetes.observing.surroundings import ExternalSecret
from flaskship.model.snapshot import Problem

_OBJECT = re.compile(r'\b(?P<kind>configmap|secret) "(?P<name>[^"]+)" not found', re.IGNORECASE)
_KEY = re.compile(
    r"couldn't find key (?P<key>\S+) in (?P<kind>ConfigMap|Secret) (?P<name>\S+)"
    r"|references non-existent (?P<kind2>config|secret) key: (?P<key2>\S+)",
    re.IGNORECASE,
)
KINDS = {"configmap": "ConfigMap", "config": "ConfigMap", "secret": "Secret"}


def missing(message: str, external: Iterable[ExternalSecret], *, terminal: bool = True) -> Problem | None:
    """Return what a message of the kubelet says is missing; an External Secret may still bring it."""
    if found := _KEY.search(message):
        kind = KINDS[(found["kind"] or found["kind2"]).lower()]
        key, name = (found["key"] or found["key2"]).rstrip(".,"), (found["name"] or "").rpartition("/")[2]
        of = f"{kind} {name}" if name else f"A {kind}"
        problem = Problem("KeyMissing", f"{of} has no key {key}", evidence=(message,), terminal=terminal)
        return _awaited(problem, name, external) if kind == "Secret" else problem
    if found := _OBJECT.search(message):
        kind = KINDS[found["kind"].lower()]
        problem = Problem(
            f"{kind}Missing", f"{kind} {found['name']} does not exist", evidence=(message,), terminal=terminal
        )
        return _awaited(problem, found["name"], external) if kind == "Secret" else problem
    return None


def _awaited(problem: Problem, secret: str, external: Iterable[ExternalSecret]) -> Problem:
    maker = next((one for one in external if one.secret == secret), None)
    if maker is None:
        return problem
    ready = condition(maker.status.conditions, "Ready")
    if ready is None or ready.status == "True":
        said = "has not been carried out yet"
    else:
        said = f"says: {ready.reason}: {ready.message}"
    name = maker.metadata.name
    return Problem(
        problem.code,
        f"{problem.message}; ExternalSecret {name}, which makes it, {said}",
        evidence=problem.evidence,
        terminal=False,
    )
