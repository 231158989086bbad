"""A role allows more than anybody listed."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "rbac-wildcard"
SEVERITY = Severity.ERROR
PARTS = ("verbs", "resources", "apiGroups")


def find(context: Context) -> Iterator[Fault]:
    """Find rules with a star, and bindings to the account of all administrators."""
    for role in context.of("Role", "ClusterRole"):
        for rule in role.node.at("rules").items():
            for part in PARTS:
                if "*" in rule.at(part).texts:
                    yield role.fault(f"allows every one of {part}", rule.at(part), "serviceAccount.rules")
    for binding in context.of("RoleBinding", "ClusterRoleBinding"):
        name = binding.node.at("roleRef", "name")
        if name.text == "cluster-admin":
            yield binding.fault("binds cluster-admin", name, "serviceAccount.rules")
