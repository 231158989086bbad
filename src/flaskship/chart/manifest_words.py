"""How a manifest, or a chart that many know, calls what has another name in these values."""

from collections.abc import Mapping

from flaskship.chart.yamlfile import KeyPath

ELSEWHERE: Mapping[str, KeyPath] = {
    "readinessProbe": ("probes", "readiness"),
    "livenessProbe": ("probes", "liveness"),
    "startupProbe": ("probes", "startup"),
    "replicaCount": ("replicas",),
    "hpa": ("autoscaling",),
    "horizontalPodAutoscaler": ("autoscaling",),
    "podDisruptionBudget": ("pdb",),
    "verticalPodAutoscaler": ("vpa",),
    "topologySpreadConstraints": ("topologySpread",),
    "serviceAccountName": ("serviceAccount", "name"),
    "priorityClassName": ("scheduling", "priority"),
    "imagePullPolicy": ("image", "pullPolicy"),
    "imagePullSecrets": ("image", "pullSecrets"),
    "containerPort": ("service", "targetPort"),
    "annotations": ("podAnnotations",),
    "labels": ("podLabels",),
    "environment": ("env",),
    "targetCPUUtilizationPercentage": ("autoscaling", "cpu"),
}


def called_here(word: str, known: Mapping[str, object]) -> KeyPath | None:
    """Return where what a manifest calls so stands below a map of these keys; None where it has no place."""
    place = ELSEWHERE.get(word)
    return place if place is not None and place[0] in known else None
