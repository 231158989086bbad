"""Every kind that this engine knows, by API group and name."""

from collections.abc import Iterator

from flaskship.engines.local.manifests.configuration import CONFIG_MAP, EXTERNAL_SECRET, SECRET
from flaskship.engines.local.manifests.jobs import JOB, TEST_POD
from flaskship.engines.local.manifests.network import INGRESS, SERVICE
from flaskship.engines.local.manifests.scaling import AUTOSCALER, BUDGET, PRIORITY_CLASS
from flaskship.engines.local.manifests.storage import PERSISTENT_VOLUME_CLAIM
from flaskship.engines.local.manifests.table import Kind, TableRow, rows_of
from flaskship.engines.local.manifests.workloads import DEPLOYMENT, ROLLOUT, STATEFUL_SET

_NO_API = "there is no API server to have rights on"
_RBAC = "rbac.authorization.k8s.io"
_SECRETS = "external-secrets.io"
_MONITORING = "monitoring.coreos.com"

KINDS = (
    Kind("apps", "Deployment", "honoured", DEPLOYMENT),
    Kind("argoproj.io", "Rollout", "emulated", ROLLOUT, "run as a rolling update"),
    Kind("apps", "StatefulSet", "emulated", STATEFUL_SET, "run as a Deployment, one replica at a time"),
    Kind("batch", "Job", "honoured", JOB, "a Helm hook of type test is kept apart, not run by a deploy"),
    Kind("", "Pod", "emulated", TEST_POD, "a Helm test is run as a Job, any other Pod is not run"),
    Kind("", "Service", "honoured", SERVICE),
    Kind("networking.k8s.io", "Ingress", "emulated", INGRESS, "served by our router, without TLS"),
    Kind("", "ConfigMap", "honoured", CONFIG_MAP),
    Kind("", "Secret", "honoured", SECRET),
    Kind(_SECRETS, "ExternalSecret", "emulated", EXTERNAL_SECRET, "a Secret with local values"),
    Kind("", "PersistentVolumeClaim", "emulated", PERSISTENT_VOLUME_CLAIM, "a folder of this machine"),
    Kind("autoscaling", "HorizontalPodAutoscaler", "honoured", AUTOSCALER),
    Kind("scheduling.k8s.io", "PriorityClass", "emulated", PRIORITY_CLASS, "the order of starting"),
    Kind(_SECRETS, "SecretStore", "ignored", None, "nothing is fetched; Secrets get local values"),
    Kind(_SECRETS, "ClusterSecretStore", "ignored", None, "nothing is fetched; Secrets get local values"),
    Kind("policy", "PodDisruptionBudget", "emulated", BUDGET, "a restart keeps it; nothing is drained here"),
    Kind("networking.k8s.io", "NetworkPolicy", "ignored", None, "loopback is not filtered"),
    Kind("", "ServiceAccount", "ignored", None, _NO_API),
    Kind(_RBAC, "Role", "ignored", None, _NO_API),
    Kind(_RBAC, "RoleBinding", "ignored", None, _NO_API),
    Kind(_RBAC, "ClusterRole", "ignored", None, _NO_API),
    Kind(_RBAC, "ClusterRoleBinding", "ignored", None, _NO_API),
    Kind("autoscaling.k8s.io", "VerticalPodAutoscaler", "ignored", None, "resources stay as written"),
    Kind("", "Namespace", "ignored", None, "names are kept apart by environment"),
    Kind(_MONITORING, "ServiceMonitor", "ignored", None, "nothing scrapes here"),
    Kind(_MONITORING, "PrometheusRule", "ignored", None, "nothing alerts here"),
)
_BY_NAME = {(kind.group, kind.name): kind for kind in KINDS}


def kind_named(api_version: str, name: str) -> Kind | None:
    """Return the kind, or None where this engine does not know it."""
    group = api_version.partition("/")[0] if "/" in api_version else ""
    return _BY_NAME.get((group, name))


def fields_table() -> Iterator[TableRow]:
    """Walk every field of every kind as the documents show it."""
    for kind in KINDS:
        yield from rows_of(kind)
