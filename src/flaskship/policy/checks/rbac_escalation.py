"""A role lets its holder become somebody else."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "rbac-escalation"
SEVERITY = Severity.ERROR
DANGEROUS_VERBS = frozenset({"escalate", "bind", "impersonate"})
WRITING = frozenset({"create", "update", "patch", "*"})
READING = frozenset({"get", "list", "watch", "*"})


def find(context: Context) -> Iterator[Fault]:
    """Find rights to escalate, to run commands in pods, to make pods, and to read every Secret."""
    for role in context.of("Role", "ClusterRole"):
        for rule in role.node.at("rules").items():
            verbs, resources = frozenset(rule.at("verbs").texts), frozenset(rule.at("resources").texts)
            for what in _dangers(verbs, resources, bool(rule.at("resourceNames").texts)):
                yield role.fault(f"allows {what}", rule, "serviceAccount.rules")


def _dangers(verbs: frozenset[str], resources: frozenset[str], named: bool) -> Iterator[str]:
    if found := verbs & DANGEROUS_VERBS:
        yield f"to {' and '.join(sorted(found))}"
    if "pods/exec" in resources and verbs & WRITING:
        yield "to run commands in any pod"
    if "pods" in resources and verbs & WRITING:
        yield "to make pods, and with them to use every account and Secret of the namespace"
    if "secrets" in resources and verbs & READING and not named:
        yield "to read every Secret"
