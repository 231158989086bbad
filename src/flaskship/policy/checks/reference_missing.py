"""A pod asks for an object, or for a key of one, that is not there."""

from collections.abc import Iterator

from flaskship.chart.spelling import nearest
from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault
from flaskship.policy.references import Reference, keys_of, references

CODE = "reference-missing"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find references to ConfigMaps, Secrets, accounts and claims that the environment does not render."""
    for pod in context.pods:
        told: set[tuple[str, str]] = set()
        for reference in references(pod):
            # Of what has no name at all, that it needs one is told by another rule.
            if not reference.name or reference.optional:
                continue
            problem = _problem(context, pod.owner.namespace, reference)
            # A migration asks for what its application asks for, by the same value.
            if problem and (problem, reference.setting) not in told:
                told.add((problem, reference.setting))
                yield pod.owner.fault(problem, reference.at, reference.setting)


def _problem(context: Context, namespace: str | None, reference: Reference) -> str | None:
    keys = keys_of(context, reference.kind, reference.name, namespace)
    what = f"{reference.kind} {reference.name}"
    if keys is None:
        meant = nearest(reference.name, _names(context, reference.kind, namespace))
        return f"asks for {what}, which this environment does not make" + (
            f"; did you mean {meant}?" if meant else ""
        )
    if reference.key is not None and keys.known is not None and reference.key not in keys.known:
        has = ", ".join(sorted(keys.known)) or "no keys"
        return f"asks for key {reference.key} of {what}, which has {has}"
    return None


def _names(context: Context, kind: str, namespace: str | None) -> Iterator[str]:
    """The names of what is there, or declared."""
    made = {"Secret": ("Secret", "ExternalSecret")}.get(kind, (kind,))
    for one in context.of(*made):
        if one.namespace == namespace:
            yield one.spec.at("target", "name").text or one.name
    yield from (name for declared, name in context.outside if declared == kind)
