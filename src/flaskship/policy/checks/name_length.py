"""A name or a label is longer than Kubernetes takes, or has signs that it does not take."""

import re
from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault, Object

CODE = "name-length"
SEVERITY = Severity.ERROR
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
SHORT = ("Service", "Namespace", "Deployment", "StatefulSet", "Rollout", "Job", "Pod")
"""Kinds whose names become labels or names in DNS."""
LONGEST = {"CronJob": 52}
COLONS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def find(context: Context) -> Iterator[Fault]:
    """Find names and label values that the API server, or a controller that copies them, refuses."""
    for one in context.objects:
        yield from _name(one)
        labels = one.node.at("metadata", "labels")
        for key, value in labels.entries():
            if value.text is not None and (len(value.text) > 63 or not VALUE.fullmatch(value.text)):
                yield one.fault(f"label {key} is no label value: {value.text[:80]!r}", value)


def _name(one: Object) -> Iterator[Fault]:
    short = one.kind in SHORT
    longest = LONGEST.get(one.kind, 63 if short else 253)
    at = one.node.at("metadata", "name")
    if len(one.name) > longest:
        yield one.fault(f"its name has {len(one.name)} characters, more than {longest}", at)
    elif at and one.kind not in COLONS and not (LABEL if short else DOMAIN).fullmatch(one.name):
        yield one.fault("its name has signs other than small letters, digits and hyphens", at)
