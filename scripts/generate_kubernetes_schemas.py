"""Writes src/flaskship/policy/kubernetes/schemas.json.gz: the fields of every kind that we check, by minor.

The sources are too large for our lock (108 MB and some Go modules), so this runs in an environment of its own:

    uv tool run --from kubernetes-validate==1.37.0 python scripts/generate_kubernetes_schemas.py

It needs Go 1.26 for the custom resources, whose definitions come from the operators' own modules, at the
versions below, checked against Go's checksum database. Equal sources write equal bytes.
"""

import gzip
import json
import re
import subprocess
import tempfile
from pathlib import Path

import kubernetes_validate
import yaml

MINORS = [f"1.{minor}" for minor in range(30, 38)]
TARGET = Path(__file__).parents[1] / "src/flaskship/policy/kubernetes/schemas.json.gz"
CUSTOM = {
    "k8s.io/autoscaler/vertical-pod-autoscaler@v1.8.1": ["deploy/vpa-v1-crd-gen.yaml"],
    "github.com/external-secrets/external-secrets@v1.3.2": [
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
        "config/crds/bases/external-secrets.io_secretstores.yaml",
        "config/crds/bases/external-secrets.io_clustersecretstores.yaml",
    ],
    "github.com/argoproj/argo-rollouts@v1.10.1": [
        "manifests/crds/rollout-crd.yaml",
        "manifests/crds/analysis-template-crd.yaml",
    ],
    "github.com/argoproj/argo-cd/v3@v3.5.0": [
        "manifests/crds/application-crd.yaml",
        "manifests/crds/applicationset-crd.yaml",
        "manifests/crds/appproject-crd.yaml",
    ],
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": [
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ],
}
KINDS = {
    *("Namespace", "ServiceAccount", "Secret", "ConfigMap", "Service", "Pod", "PersistentVolume"),
    *("PersistentVolumeClaim", "ResourceQuota", "LimitRange", "Deployment", "StatefulSet", "DaemonSet"),
    *("ReplicaSet", "Job", "CronJob", "HorizontalPodAutoscaler", "Ingress", "IngressClass", "NetworkPolicy"),
    *("PodDisruptionBudget", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "PriorityClass"),
    *("StorageClass", "EndpointSlice"),
}
# The API server knows these choices; its OpenAPI has them in prose alone.
CHOICES = {
    ("Container", "imagePullPolicy"): ["Always", "IfNotPresent", "Never"],
    ("PodSpec", "restartPolicy"): ["Always", "Never", "OnFailure"],
    ("PodSpec", "dnsPolicy"): ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    ("ContainerPort", "protocol"): ["SCTP", "TCP", "UDP"],
    ("ServicePort", "protocol"): ["SCTP", "TCP", "UDP"],
    ("NetworkPolicyPort", "protocol"): ["SCTP", "TCP", "UDP"],
    ("ServiceSpec", "type"): ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    ("ServiceSpec", "externalTrafficPolicy"): ["Cluster", "Local"],
    ("ServiceSpec", "sessionAffinity"): ["ClientIP", "None"],
    ("DeploymentStrategy", "type"): ["Recreate", "RollingUpdate"],
    ("HTTPIngressPath", "pathType"): ["Exact", "ImplementationSpecific", "Prefix"],
    ("HTTPGetAction", "scheme"): ["HTTP", "HTTPS"],
    ("SeccompProfile", "type"): ["Localhost", "RuntimeDefault", "Unconfined"],
    ("TopologySpreadConstraint", "whenUnsatisfiable"): ["DoNotSchedule", "ScheduleAnyway"],
    ("PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy"): ["AlwaysAllow", "IfHealthyBudget"],
    ("Toleration", "operator"): ["Equal", "Exists", "Gt", "Lt"],
    ("Toleration", "effect"): ["NoExecute", "NoSchedule", "PreferNoSchedule"],
    ("LabelSelectorRequirement", "operator"): ["DoesNotExist", "Exists", "In", "NotIn"],
    ("HPAScalingPolicy", "type"): ["Percent", "Pods"],
    ("HPAScalingRules", "selectPolicy"): ["Disabled", "Max", "Min"],
    ("MetricTarget", "type"): ["AverageValue", "Utilization", "Value"],
    ("JobSpec", "completionMode"): ["Indexed", "NonIndexed"],
    ("CronJobSpec", "concurrencyPolicy"): ["Allow", "Forbid", "Replace"],
}
ITEM_CHOICES = {
    ("NetworkPolicySpec", "policyTypes"): ["Egress", "Ingress"],
    ("PersistentVolumeClaimSpec", "accessModes"): [
        "ReadOnlyMany",
        "ReadWriteMany",
        "ReadWriteOnce",
        "ReadWriteOncePod",
    ],
}
TYPES = {"object": "o", "array": "a", "string": "s", "integer": "i", "number": "n", "boolean": "b"}
LIMITS = {
    "minimum": "lo",
    "maximum": "hi",
    "minLength": "sl",
    "maxLength": "sh",
    "minItems": "al",
    "maxItems": "ah",
}


class Table:
    """Schemas as numbered nodes, each stored once however many kinds and minors share it."""

    def __init__(self) -> None:
        self.nodes: list[dict] = []
        self.numbers: dict[str, int] = {}

    def add(self, node: dict) -> int:
        key = json.dumps(node, sort_keys=True)
        if key not in self.numbers:
            self.numbers[key] = len(self.nodes)
            self.nodes.append(node)
        return self.numbers[key]

    def schema(self, given: dict, definitions: dict, owner: str = "", memo: dict | None = None) -> int:
        memo = {} if memo is None else memo
        if "$ref" in given:
            name = given["$ref"].rpartition("/")[2]
            if name not in memo:
                memo[name] = self.schema(definitions[name], definitions, name.rpartition(".")[2], memo)
            return memo[name]
        node: dict = {"t": kind_of(given)}
        if given.get("properties"):
            node["p"] = {
                key: self.add(chosen)
                if (chosen := choice(owner, key))
                else self.schema(value, definitions, owner, memo)
                for key, value in sorted(given["properties"].items())
            }
        if given.get("required"):
            node["r"] = sorted(given["required"])
        if isinstance(given.get("additionalProperties"), dict):
            node["m"] = self.schema(given["additionalProperties"], definitions, owner, memo)
        if isinstance(given.get("items"), dict):
            node["i"] = self.schema(given["items"], definitions, owner, memo)
        if given.get("x-kubernetes-preserve-unknown-fields"):
            node["u"] = 1
        if given.get("enum"):
            node["e"] = [value for value in given["enum"] if value is not None]
        if given.get("x-kubernetes-list-type") == "map":
            node["k"] = given["x-kubernetes-list-map-keys"]
        if readable(given.get("pattern")):
            node["re"] = given["pattern"]
        node.update({short: given[long] for long, short in LIMITS.items() if long in given})
        return self.add(node)


def readable(pattern: str | None) -> bool:
    """Whether Python reads a pattern that was written for Go."""
    try:
        return pattern is not None and re.compile(pattern) is not None
    except re.error:
        return False


def kind_of(given: dict) -> str:
    if given.get("x-kubernetes-int-or-string"):
        return "x"
    if "oneOf" in given:  # a Quantity may be any number, an IntOrString not
        return "q" if "number" in json.dumps(given["oneOf"]) else "x"
    kind = given.get("type")
    if isinstance(kind, list):
        kind = next(name for name in kind if name != "null")
    if kind == "string" and given.get("format") == "byte":
        return "64"
    if kind is None:
        return "o" if "properties" in given else "?"
    return TYPES[kind]


def choice(owner: str, key: str) -> dict | None:
    return {"t": "s", "e": CHOICES[owner, key]} if (owner, key) in CHOICES else None


def built_in(table: Table) -> tuple[dict, dict]:
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    kinds: dict[str, list[int | None]] = {}
    served: dict[str, list[int]] = {}
    for index, minor in enumerate(MINORS):
        definitions = json.loads((folder / f"v{minor}.0-local/_definitions.json").read_text())["$defs"]
        memo: dict[str, int] = {}
        for (owner, key), choices in ITEM_CHOICES.items():
            for name, definition in definitions.items():
                if name.endswith(f".{owner}") and key in definition.get("properties", {}):
                    definition["properties"][key]["items"] = {
                        "type": "string",
                        "enum": choices,
                    }
        for definition in definitions.values():
            definition.get("properties", {}).pop("managedFields", None)
            for named in definition.get("x-kubernetes-group-version-kind", ()):
                api = f"{named['group']}/{named['version']}".removeprefix("/")
                name = f"{api} {named['kind']}"
                if "metadata" not in definition.get("properties", {}) or named["kind"].endswith("List"):
                    continue
                served.setdefault(name, []).append(index)
                if named["kind"] in KINDS:
                    definition["properties"].pop("status", None)
                    number = table.schema(definition, definitions, named["kind"], memo)
                    kinds.setdefault(name, [None] * len(MINORS))[index] = number
    return kinds, {name: sorted(set(indexes)) for name, indexes in sorted(served.items())}


def custom(table: Table, metadata: int) -> dict:
    found = {}
    with tempfile.TemporaryDirectory() as empty:
        for module, files in CUSTOM.items():
            said = subprocess.run(
                ["go", "mod", "download", "-json", module], cwd=empty, capture_output=True, check=True
            )
            folder = Path(json.loads(said.stdout)["Dir"])
            for file in files:
                for crd in yaml.safe_load_all((folder / file).read_text()):
                    spec = crd["spec"]
                    for version in spec["versions"]:
                        name = f"{spec['group']}/{version['name']} {spec['names']['kind']}"
                        if not version.get("served"):
                            found[name] = {"by": module, "schema": None}
                            continue
                        schema = version["schema"]["openAPIV3Schema"]
                        properties = schema["properties"]
                        properties.pop("status", None)
                        properties.pop("metadata", None)
                        number = table.schema(schema, {})
                        node = dict(table.nodes[number])
                        node["p"] = {**node["p"], "metadata": metadata}
                        found[name] = {"by": module, "schema": table.add(node)}
    return found


def main() -> None:
    table = Table()
    kinds, served = built_in(table)
    newest = table.nodes[kinds["apps/v1 Deployment"][-1]]
    document = {
        "minors": MINORS,
        "kinds": dict(sorted(kinds.items())),
        "served": served,
        "custom": custom(table, newest["p"]["metadata"]),
        "nodes": table.nodes,
    }
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(table.nodes)} nodes, {len(text)} bytes, {TARGET.stat().st_size} compressed")


if __name__ == "__main__":
    main()
