"""What an API server refuses of where a pod may run: selectors, tolerations, affinity, spread."""

from collections.abc import Iterator

from flaskship.policy.kubernetes.forms import (
    Forms,
    invalid,
    key_name,
    label_name,
    labels,
    one_of,
    refused_by,
    where_any,
    within,
)
from flaskship.policy.kubernetes.validate import Violation
from flaskship.policy.node import Node

WITH_VALUES, WITHOUT_VALUES, ORDERED = ("In", "NotIn"), ("Exists", "DoesNotExist"), ("Gt", "Lt")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_FORMS: Forms = (
    ("nodeSelector", labels),
    ("tolerations[].key", where_any(key_name)),
    ("tolerations[].effect", one_of("", "NoSchedule", "PreferNoSchedule", "NoExecute")),
    ("topologySpreadConstraints[].maxSkew", within(1)),
    ("topologySpreadConstraints[].minDomains", within(1)),
    ("topologySpreadConstraints[].nodeAffinityPolicy", one_of("Honor", "Ignore")),
    ("topologySpreadConstraints[].nodeTaintsPolicy", one_of("Honor", "Ignore")),
    (f"affinity.nodeAffinity.{_PREFERRED}[].weight", within(1, 100)),
    (f"affinity.podAffinity.{_PREFERRED}[].weight", within(1, 100)),
    (f"affinity.podAntiAffinity.{_PREFERRED}[].weight", within(1, 100)),
)


def refused_of_scheduling(spec: Node) -> Iterator[Violation]:
    """Every violation of where a pod may run."""
    yield from refused_by(_FORMS, spec)
    for one in spec.at("tolerations").items():
        yield from _toleration(one)
    for one in spec.at("topologySpreadConstraints").items():
        yield from _key(one.at("topologyKey"))
        yield from _selector(one.at("labelSelector"))
        yield from _keys_beside(one, ("matchLabelKeys",))
        if one.at("minDomains") and one.at("whenUnsatisfiable").text == "ScheduleAnyway":
            yield invalid(one.at("minDomains"), "belongs to whenUnsatisfiable DoNotSchedule alone")
    yield from _nodes(spec.at("affinity", "nodeAffinity"))
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = list(spec.at("affinity", kind, _REQUIRED).items())
        terms += [one.at("podAffinityTerm") for one in spec.at("affinity", kind, _PREFERRED).items()]
        for term in terms:
            yield from _key(term.at("topologyKey"))
            yield from _selector(term.at("labelSelector"))
            yield from _selector(term.at("namespaceSelector"))
            yield from refused_by((("namespaces[]", label_name),), term)
            yield from _keys_beside(term, ("matchLabelKeys", "mismatchLabelKeys"))


def _key(key: Node) -> Iterator[Violation]:
    yield from key_name(key)


def _toleration(one: Node) -> Iterator[Violation]:
    operator, key, value = one.at("operator"), one.at("key"), one.at("value")
    if not key.text and operator.text != "Exists":
        yield invalid(one, "names no key, which only the operator Exists may")
    if operator.text == "Exists" and value.text:
        yield invalid(value, "stands beside the operator Exists, which has no value")
    elif value.text is not None:
        yield from refused_by((("", labels),), Node({"a": value.text}, value.path))
    if one.at("tolerationSeconds") and one.at("effect").text != "NoExecute":
        yield invalid(one.at("tolerationSeconds"), "belongs to the effect NoExecute alone")


def _selector(selector: Node) -> Iterator[Violation]:
    yield from labels(selector.at("matchLabels"))
    for one in selector.at("matchExpressions").items():
        yield from _expression(one, (*WITH_VALUES, *WITHOUT_VALUES))


def _nodes(affinity: Node) -> Iterator[Violation]:
    required = affinity.at(_REQUIRED)
    if isinstance(required.content, dict) and not required.at("nodeSelectorTerms").content:
        yield invalid(required.at("nodeSelectorTerms"), "has no entry, which no node can meet")
    terms = list(required.at("nodeSelectorTerms").items())
    terms += [one.at("preference") for one in affinity.at(_PREFERRED).items()]
    for term in terms:
        for one in term.at("matchExpressions").items():
            yield from _expression(one, (*WITH_VALUES, *WITHOUT_VALUES, *ORDERED))
        for one in term.at("matchFields").items():
            if one.at("key").text not in (None, "metadata.name"):
                yield invalid(one.at("key"), f"{one.at('key').text!r} is no field of a node: metadata.name")


def _expression(one: Node, operators: tuple[str, ...]) -> Iterator[Violation]:
    operator, values = one.at("operator"), one.at("values")
    yield from key_name(one.at("key"))
    yield from one_of(*operators)(operator)
    given = len(list(values.items()))
    if operator.text in WITH_VALUES and not given:
        yield invalid(values, f"is required beside the operator {operator.text}")
    elif operator.text in WITHOUT_VALUES and given:
        yield invalid(values, f"stands beside the operator {operator.text}, which has none")
    elif operator.text in ORDERED and given != 1:
        yield invalid(values, f"has {given} entries: the operator {operator.text} has one")


def _keys_beside(one: Node, kinds: tuple[str, ...]) -> Iterator[Violation]:
    for kind in kinds:
        if one.at(kind).content and not one.at("labelSelector"):
            yield invalid(one.at(kind), "needs a labelSelector beside it")
