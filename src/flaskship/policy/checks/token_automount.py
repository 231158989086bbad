"""A pod holds a key to the Kubernetes API that it does not need."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "token-automount"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find pods with a mounted token whose account no role is bound to."""
    bound = {
        subject.at("name").text
        for binding in context.of("RoleBinding", "ClusterRoleBinding")
        for subject in binding.node.at("subjects").items()
        if subject.at("kind").text == "ServiceAccount"
    }
    refusing = {
        one.name
        for one in context.of("ServiceAccount")
        if one.node.at("automountServiceAccountToken").truth is False
    }
    for pod in context.pods:
        own = pod.spec.at("automountServiceAccountToken")
        account = pod.spec.at("serviceAccountName").text
        mounted = own.truth is not False and (own.truth is True or account not in refusing)
        if mounted and account not in bound:
            message = "mounts an API token, and no role is bound to its account"
            yield pod.owner.fault(message, own, "serviceAccount")
