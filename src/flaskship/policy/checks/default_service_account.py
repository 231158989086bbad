"""A pod runs as the namespace's default account."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "default-service-account"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find pods without a serviceAccountName of their own, hooks without a token left out."""
    for pod in context.pods:
        name = pod.spec.at("serviceAccountName")
        harmless = pod.owner.is_hook and pod.spec.at("automountServiceAccountToken").truth is False
        if name.text in (None, "", "default") and not harmless:
            yield pod.owner.fault("runs as the default service account", name, "serviceAccount.create")
