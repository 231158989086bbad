"""What a cluster needs beyond Kubernetes itself: which controller serves a kind, and how it is installed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Controller:
    """Whoever gives the kinds of an API group their life; deployment is how it is usually called."""

    name: str
    install: str
    deployments: tuple[str, ...] = ()
    note: str = ""


CONTROLLERS: Mapping[str, Controller] = {
    "external-secrets.io": Controller(
        "External Secrets",
        "helm install external-secrets external-secrets --repo https://charts.external-secrets.io "
        "-n external-secrets --create-namespace",
        ("external-secrets",),
        "or take Secrets that somebody makes: --set secrets.provider=existing",
    ),
    "argoproj.io": Controller(
        "Argo Rollouts",
        "helm install argo-rollouts argo-rollouts --repo https://argoproj.github.io/argo-helm "
        "-n argo-rollouts --create-namespace",
        ("argo-rollouts",),
        "or take strategy.type RollingUpdate",
    ),
    "autoscaling.k8s.io": Controller(
        "Vertical Pod Autoscaler",
        "helm install vpa vertical-pod-autoscaler --repo https://kubernetes.github.io/autoscaler/ "
        "-n kube-system",
        ("vpa-recommender", "vertical-pod-autoscaler-recommender"),
        "or switch verticalAutoscaling off in the values",
    ),
    "monitoring.coreos.com": Controller(
        "Prometheus Operator",
        "helm install monitoring kube-prometheus-stack "
        "--repo https://prometheus-community.github.io/helm-charts -n monitoring --create-namespace",
        ("prometheus-operator", "kube-prometheus-stack-operator"),
        "or switch the monitors and rules off in the values",
    ),
}
METRICS = Controller(
    "metrics-server",
    "helm install metrics-server metrics-server --repo https://kubernetes-sigs.github.io/metrics-server/ "
    "-n kube-system",
    ("metrics-server",),
)


def controller_of(api_version: str) -> Controller | None:
    """Return the controller of a kind's API group; None for Kubernetes' own and for unknown ones."""
    group, slash, _ = api_version.partition("/")
    return CONTROLLERS.get(group) if slash else None


def how_to_install(api_version: str, kind: str) -> str:
    """Return what to do where a cluster does not know a kind."""
    controller = controller_of(api_version)
    if controller is None:
        return f"install the CustomResourceDefinition that brings {kind}, or render none of it"
    note = f" ({controller.note})" if controller.note else ""
    return f"install {controller.name}: {controller.install}{note}"
