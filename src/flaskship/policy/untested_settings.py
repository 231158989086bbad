"""Which value of an environment brings a kind, or a part of one: where a delta is told."""

SETTINGS = {
    "HorizontalPodAutoscaler": "autoscaling.enabled",
    "VerticalPodAutoscaler": "vpa.enabled",
    "PodDisruptionBudget": "pdb.enabled",
    "Rollout": "strategy.type",
    "Ingress": ".ingress.enabled",
    "NetworkPolicy": ".networkPolicy.enabled",
    "PriorityClass": ".priorityClasses.create",
    "Namespace": ".namespace.create",
    "PersistentVolumeClaim": ".persistence.enabled",
    "ServiceMonitor": ".monitoring.serviceMonitor.enabled",
    "ExternalSecret": ".secrets.provider",
    "SecretStore": ".secrets.provider",
}
"""The value that brings a kind."""
PARTS = {
    " template annotation ": "podAnnotations",
    " template label ": "podLabels",
    "Ingress annotation ": ".ingress.annotations",
    "Service annotation ": "service.annotations",
    "ServiceAccount annotation ": "serviceAccount.annotations",
    ".containers.command": "command",
    ".containers.args": "args",
    " spec.metrics Resource memory": "autoscaling.memory.enabled",
    " spec.behavior": "autoscaling.behavior",
    " spec.updatePolicy": "vpa.updateMode",
    " spec.resourcePolicy": "vpa",
    "PriorityClass ": "",
    " spec.egress.to ::/0": ".networkPolicy.ipv6",
    "NetworkPolicy spec.egress.to ": "webhooks.allow",
    ".priorityClassName": "scheduling.priority",
    ".serviceAccountName": "aws.access",
    ".initContainers": "initContainers",
    ".volumes": "volumes",
    ".volumeMounts": "volumeMounts",
    ".tolerations": "tolerations",
    ".affinity": "affinity",
    ".nodeSelector": "nodeSelector",
    ".startupProbe": "probes.startup",
    ".readinessProbe": "probes.readiness",
    ".livenessProbe": "probes.liveness",
    ".containers.resources": "resources",
    ".envFrom": "envFrom",
    " spec.strategy": "strategy",
}
"""The value that brings a part of a kind, the nearer first."""
_WORKLOADS = ("Deployment", "Rollout")
_POLICY = ("NetworkPolicy",)
_ENABLED = ".networkPolicy.enabled"
"""The last of the candidates of a rule: it brings those whose other value the chart itself has."""
_EGRESS, _IDENTITY = "networkPolicy.egress", (".aws.identity", _ENABLED)
SEVERAL = {
    (_POLICY, "::/0"): (".networkPolicy.ipv6", _EGRESS, "webhooks.deliver", _ENABLED),
    (_POLICY, "spec.egress.to 0.0.0.0/0 "): (_EGRESS, "webhooks.deliver", _ENABLED),
    (_POLICY, "spec.egress.to 169.254.170.23/32 "): (_EGRESS, "aws.access", *_IDENTITY),
    (_POLICY, "spec.egress.to fd00:ec2::23/128 "): (".networkPolicy.ipv6", _EGRESS, "aws.access", *_IDENTITY),
    (_POLICY, "spec.egress.to "): (
        "webhooks.allow",
        _EGRESS,
        ".networkPolicy.awsCidrs",
        ".networkPolicy.databaseCidrs",
        _ENABLED,
    ),
    (_POLICY, "spec.egress.to.namespaceSelector"): (_EGRESS, "aws.applicationSignals", _ENABLED),
    (_POLICY, "spec.egress.ports 53 "): (_EGRESS, _ENABLED),
    (_POLICY, "spec.egress.ports 80 "): (_EGRESS, "webhooks.deliver", "aws.access", *_IDENTITY),
    (_POLICY, "spec.egress.ports 443 "): (
        _EGRESS,
        "webhooks.deliver",
        "aws.access",
        ".networkPolicy.awsCidrs",
        _ENABLED,
    ),
    (_POLICY, "spec.egress.ports 2000 "): (_EGRESS, "aws.applicationSignals", _ENABLED),
    (_POLICY, "spec.egress.ports 4316 "): (_EGRESS, "aws.applicationSignals", _ENABLED),
    (_POLICY, "spec.egress.ports "): (
        _EGRESS,
        ".networkPolicy.databasePort",
        "database",
        ".networkPolicy.databaseCidrs",
        _ENABLED,
    ),
    (_POLICY, "spec.egress"): (
        _EGRESS,
        "webhooks.deliver",
        "webhooks.allow",
        "aws.access",
        "aws.applicationSignals",
        ".networkPolicy.databaseCidrs",
        _ENABLED,
    ),
    (_POLICY, "spec.ingress"): ("networkPolicy.from", _ENABLED),
    (_WORKLOADS, ".affinity"): ("affinity", "scheduling.spot"),
    (_WORKLOADS, ".tolerations"): ("tolerations", "scheduling.spot"),
    (_WORKLOADS, ".nodeSelector"): ("nodeSelector", "scheduling.spot"),
    (_WORKLOADS, " annotation instrumentation.opentelemetry.io/"): (
        "podAnnotations",
        "aws.applicationSignals",
    ),
    (("",), "variable OTEL_"): ("env.{}", "config.{}", "aws.applicationSignals"),
}
"""Where more than one value brings a part of a kind, the first that fits.

A variable is of no kind, and {} is its name.
"""


def candidates(kind: str, trait: str) -> tuple[str, ...]:
    """What may have brought a trait, the nearer first; none where one value alone does."""
    name = trait.rpartition(" ")[2].partition("=")[0]
    for (of, part), settings in SEVERAL.items():
        if kind in of and part in f"{trait} ":
            return tuple(setting.replace("{}", name) for setting in settings)
    return ()


def setting(kind: str, trait: str) -> str:
    """The value that brings a trait, else the one that brings its kind."""
    found = (setting for part, setting in PARTS.items() if part in trait)
    return next(found, SETTINGS.get(kind, ""))
