"""The application root on a real cluster: the guide's lines, as a user types them, from init to destroy.

The providers are whatever this machine offers; the warning of the run names a test double where it is one.
"""

import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.terraform import DOUBLE, MissingError, Root, prepare, words

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Small and close together for one shared node; SQLite instead of a database that is not there.
SMALL = """\
defaults:
  replicas: 1
  resources: {requests: {cpu: 20m}}
  probes: {startup: {periodSeconds: 1}, readiness: {periodSeconds: 1}}
"""
STAGING = (
    SMALL
    + """\
  pdb: {enabled: false}
applications:
  my-tomorrows-api: {autoscaling: {enabled: false}}
secrets:
  provider: generated
  generated: {database-url: "sqlite:////data/reminders.db"}
persistence: {enabled: true}
"""
)
# Secrets that somebody else made, and SQLite on one claim in place of the managed database.
PROD = """\
defaults:
  resources: {requests: {cpu: 10m, memory: 64Mi}}
  probes: {startup: {failureThreshold: 300}}
  scheduling: {priority: ""}
  vpa: {enabled: false}
applications:
  my-tomorrows-api: {autoscaling: {minReplicas: 1, maxReplicas: 2}, scheduling: {priority: ""}}
  my-tomorrows-worker: {replicas: 1, autoscaling: {enabled: false}}
  my-tomorrows-admin: {replicas: 1}
secrets: {provider: existing}
persistence: {enabled: true}
priorityClasses: {create: false}
"""
KEYS = {"database-url": "sqlite:////data/reminders.db", "api-key": "k" * 32, "ui-password": "p" * 16}


@dataclass(frozen=True)
class Cluster:
    """A cluster that tests may fill, one namespace at a time."""

    kubectl: str
    kubeconfig: Path
    context: str
    node: str

    def run(self, *arguments: str) -> str:
        command = [self.kubectl, "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    def get(self, *arguments: str) -> Any:
        return json.loads(self.run("get", *arguments, "-o", "json"))


@dataclass(frozen=True)
class Environment:
    """How one environment of the root is applied to this cluster."""

    root: Root
    cluster: Cluster
    name: str
    namespace: str
    values: Path

    def terraform(self, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self.root.run(
            verb,
            *options,
            f"-var-file=environments/{self.name}.tfvars",
            f"-var=kubeconfig={self.cluster.kubeconfig}",
            f"-var=kube_context={self.cluster.context}",
            f"-var=namespace={self.namespace}",
            f"-var=extra_values={json.dumps([str(self.values)])}",
            timeout=400,
        )

    def apply(self, *options: str) -> str:
        done = self.terraform("apply", "-auto-approve", *options)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def plan(self) -> tuple[int, str]:
        """What -detailed-exitcode gives: 0 nothing to do, 2 something, and the plan."""
        done = self.terraform("plan", "-detailed-exitcode")
        return done.returncode, done.stdout

    def output(self, name: str) -> Any:
        done = self.root.run("output", "-json", name)
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)

    def pods(self) -> dict[str, str]:
        """Each running pod's name and uid."""
        found = self.cluster.get("pods", "-n", self.namespace)["items"]
        live = [item["metadata"] for item in found if "deletionTimestamp" not in item["metadata"]]
        return {item["name"]: item["uid"] for item in live}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    named = os.environ.get("KUBECONFIG", "")
    if not named or not Path(named).is_file():
        pytest.skip("KUBECONFIG names no cluster for tests")
    built = Path.home() / ".cache" / "onenode" / "bin" / "kubectl"
    kubectl = shutil.which("kubectl") or str(built)
    if not os.access(kubectl, os.X_OK):
        pytest.skip("kubectl is not on this machine")
    context = subprocess.run(
        [kubectl, "--kubeconfig", named, "config", "current-context"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    found = Cluster(kubectl, Path(named), context, "")
    node = found.get("nodes")["items"][0]["status"]["addresses"]
    address = next(item["address"] for item in node if item["type"] == "InternalIP")
    return Cluster(kubectl, Path(named), context, address)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    try:
        root = prepare(tmp_path)
    except MissingError as missing:
        pytest.skip(str(missing))
    return root


@pytest.fixture
def suffix(cluster: Cluster) -> Iterator[str]:
    """What makes the namespaces of a test its own; they are gone afterwards, whatever happened."""
    suffix = f"tf-{secrets.token_hex(3)}"
    yield suffix
    names = [item["metadata"]["name"] for item in cluster.get("namespaces")["items"]]
    for name in names:
        if name.startswith(f"{suffix}-"):
            cluster.run("delete", "namespace", name, "--wait=false")


def environment(name: str, root: Root, cluster: Cluster, suffix: str, values: str) -> Environment:
    path = root.folder / f"{name}.yaml"
    path.write_text(values)
    return Environment(root, cluster, name, f"{suffix}-{name}", path)


def free_port(cluster: Cluster) -> int:
    taken = {
        port.get("nodePort")
        for service in cluster.get("services", "-A")["items"]
        for port in service["spec"].get("ports", [])
    }
    return next(port for port in range(31000 + secrets.randbelow(1000), 32767) if port not in taken)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_life_of_dev(root: Root, cluster: Cluster, suffix: str) -> None:
    port = free_port(cluster)
    api = f"applications: {{my-tomorrows-api: {{service: {{nodePort: {port}}}}}}}\n"
    dev = environment("dev", root, cluster, suffix, SMALL + api)

    # Applied and waited for; the outputs tell the truth.
    said = dev.apply()
    assert "Apply complete! Resources: 3 added, 0 changed, 0 destroyed." in said
    if DOUBLE in said:
        warnings.warn(f"Terraform ran with a {DOUBLE}, for helm and kubernetes", stacklevel=1)
    assert dev.output("managed_applications") == ["my-tomorrows-api", "my-tomorrows-worker"]
    assert dev.output("release")["name"] == "dev-apps"
    deployments = cluster.get("deployments", "-n", dev.namespace)["items"]
    assert [item["metadata"]["name"] for item in deployments] == dev.output("managed_applications")
    assert all(item["status"]["readyReplicas"] == item["spec"]["replicas"] for item in deployments)
    access = dev.output("access_instructions")
    assert f"curl http://localhost:{port}/health" in access
    assert f"kubectl port-forward svc/my-tomorrows-worker 8080:80 -n {dev.namespace}" in access
    assert ask(f"http://{cluster.node}:{port}/health") == {"status": "healthy"}

    # Who writes stands on every object; Pod Security on the namespace.
    for kind in ("deployments", "services", "configmaps", "secrets"):
        ours = cluster.get(kind, "-n", dev.namespace, "-l", "app.kubernetes.io/part-of=my-app")["items"]
        assert ours
        assert {item["metadata"]["annotations"]["flaskship.dev/writer"] for item in ours} == {"terraform"}
    namespace = cluster.get("namespace", dev.namespace)["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert namespace["annotations"]["flaskship.dev/writer"] == "terraform"

    # The command line leaves what Terraform wrote alone, and names the command that Terraform obeys.
    refused = deploy(dev)
    assert refused.returncode == 5, refused.stderr
    assert "is written by Terraform" in refused.stderr
    assert "apply -var-file=environments/dev.tfvars" in refused.stderr

    # Nothing to do means nothing to do.
    code, said = dev.plan()
    assert code == 0, said
    assert "No changes." in said

    # A changed value shows, and only it.
    edit(root.chart / "values-dev.yaml", "logLevel: DEBUG", "logLevel: INFO")
    code, said = dev.plan()
    assert code == 2, said
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in said
    assert re.search(r"-\s+logLevel: DEBUG\n.*\+\s+logLevel: INFO", said), said
    dev.apply()
    assert dev.plan()[0] == 0

    # A changed file of a chart of the same version shows; no replica is replaced for it.
    before = dev.pods()
    with (root.chart / "templates" / "service.yaml").open("a") as file:
        file.write("{{/* Changed, and renders the same. */}}\n")
    code, said = dev.plan()
    assert code == 2, said
    assert "chartDigest" in said
    digest = dev.output("release")["chart_digest"]
    done = dev.terraform("plan", "-out=dev.tfplan")
    assert done.returncode == 0, done.stdout
    done = root.run("apply", "dev.tfplan", timeout=400)
    assert done.returncode == 0, done.stdout
    assert dev.output("release")["chart_digest"] != digest
    assert dev.pods() == before
    assert dev.plan()[0] == 0

    # What the cluster keeps secret is not in the state; dev's one value of the chart is the path of a file.
    state = (root.folder / "terraform.tfstate").read_text()
    for secret in cluster.get("secrets", "-n", dev.namespace, "-l", "app.kubernetes.io/part-of=my-app")[
        "items"
    ]:
        for key, value in secret["data"].items():
            text = base64.b64decode(value).decode()
            assert text == "sqlite:////data/reminders.db" or text not in state, key

    # A release that never gets ready fails the apply and is undone.
    edit(dev.values, "defaults:\n", "defaults:\n  image: {tag: not-there}\n")
    done = dev.terraform("apply", "-auto-approve", "-var=timeout_seconds=30")
    assert done.returncode == 1
    edit(dev.values, "defaults:\n  image: {tag: not-there}\n", "defaults:\n")
    assert set(before.items()) <= set(dev.pods().items())
    assert ask(f"http://{cluster.node}:{port}/health") == {"status": "healthy"}
    # Only the number of the revision moved: by the failed one and by the undo.
    code, said = dev.plan()
    assert code == 2, said
    assert "without changing any real infrastructure" in words(said)
    assert "Plan:" not in said

    # Gone, with the namespace; a second time there is nothing.
    done = dev.terraform("destroy", "-auto-approve")
    assert done.returncode == 0, done.stdout
    assert "Destroy complete! Resources: 3 destroyed." in done.stdout
    cluster.run("wait", "--for=delete", f"namespace/{dev.namespace}", "--timeout=90s")
    assert json.loads((root.folder / "terraform.tfstate").read_text())["resources"] == []


def test_the_guides_applies_one_after_another(root: Root, cluster: Cluster, suffix: str) -> None:
    """In one state staging would replace dev: refused. In a workspace of its own it stands beside it."""
    api = f"applications: {{my-tomorrows-api: {{service: {{nodePort: {free_port(cluster)}}}}}}}\n"
    dev = environment("dev", root, cluster, suffix, SMALL + api)
    staging = environment("staging", root, cluster, suffix, STAGING)
    dev.apply()
    before = dev.pods()

    for verb in ("apply", "destroy"):
        done = staging.terraform(verb, "-auto-approve")
        assert done.returncode == 1, done.stdout
        said = words(done.stdout)
        assert "This state is that of dev, and not of staging. Nothing was changed." in said
        assert "terraform workspace select -or-create staging" in said
        assert dev.pods() == before
        assert dev.output("release")["name"] == "dev-apps"

    assert root.run("workspace", "select", "-or-create", "staging").returncode == 0
    staging.apply()
    apps = ["my-tomorrows-admin", "my-tomorrows-api", "my-tomorrows-worker"]
    assert staging.output("managed_applications") == apps
    deployments = cluster.get("deployments", "-n", staging.namespace)["items"]
    assert [item["metadata"]["name"] for item in deployments] == apps
    access = staging.output("access_instructions")
    assert "https://api.staging.mytomorrows.com/" in access
    assert f"kubectl port-forward svc/my-tomorrows-api 8080:80 -n {staging.namespace}" in access
    labels = cluster.get("namespace", staging.namespace)["metadata"]["labels"]
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"
    assert staging.plan()[0] == 0
    assert dev.pods() == before

    assert staging.terraform("destroy", "-auto-approve").returncode == 0
    assert root.run("workspace", "select", "default").returncode == 0
    assert dev.plan()[0] == 0
    assert dev.terraform("destroy", "-auto-approve").returncode == 0


def test_the_life_of_prod(root: Root, cluster: Cluster, suffix: str) -> None:
    """By saved plans, in a namespace of a platform team, with the Secrets that it holds already."""
    prod = environment("prod", root, cluster, suffix, PROD)
    cluster.run("create", "namespace", prod.namespace)
    cluster.run("label", "namespace", prod.namespace, "pod-security.kubernetes.io/enforce=restricted")
    literals = [f"--from-literal={key}={value}" for key, value in KEYS.items()]
    cluster.run("create", "secret", "generic", "app-secrets", "-n", prod.namespace, *literals)
    assert root.run("workspace", "select", "-or-create", "prod").returncode == 0
    not_ours = "-var=create_namespace=false"

    def saved(name: str) -> str:
        done = prod.terraform("plan", not_ours, f"-out={name}")
        assert done.returncode == 0, done.stdout
        shown = root.run("show", name)
        assert shown.returncode == 0, shown.stdout
        return shown.stdout

    def plan() -> tuple[int, str]:
        done = prod.terraform("plan", "-detailed-exitcode", not_ours)
        return done.returncode, done.stdout

    # What was read is what is done.
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in saved("first.tfplan")
    done = root.run("apply", "first.tfplan", timeout=400)
    assert done.returncode == 0, done.stdout
    apps = ["my-tomorrows-admin", "my-tomorrows-api", "my-tomorrows-monitoring", "my-tomorrows-worker"]
    assert prod.output("environment") == "prod"
    assert prod.output("namespace") == prod.namespace
    assert prod.output("managed_applications") == apps
    assert prod.output("release")["name"] == "prod-apps"
    deployments = cluster.get("deployments", "-n", prod.namespace)["items"]
    assert [item["metadata"]["name"] for item in deployments] == apps
    assert all(item["status"]["readyReplicas"] == item["status"]["replicas"] for item in deployments)
    (scaler,) = cluster.get("hpa", "-n", prod.namespace)["items"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == "my-tomorrows-api"

    # The instructions tell the truth: hosts of the Ingress, and Services to forward to.
    access = prod.output("access_instructions")
    (ingress,) = cluster.get("ingress", "-n", prod.namespace)["items"]
    hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
    assert hosts
    assert all(f"https://{host}/" in access for host in hosts)
    forwarded = re.findall(r"kubectl port-forward svc/(\S+) \d+:80 -n (\S+)", access)
    services = {item["metadata"]["name"] for item in cluster.get("services", "-n", prod.namespace)["items"]}
    assert forwarded
    assert all(name in services and namespace == prod.namespace for name, namespace in forwarded)
    code, said = plan()
    assert code == 0, said

    # A change; a plan that has become old is refused.
    edit(prod.values, "failureThreshold: 300", "failureThreshold: 301")
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in saved("second.tfplan")
    saved("late.tfplan")
    done = root.run("apply", "second.tfplan", timeout=400)
    assert done.returncode == 0, done.stdout
    code, said = plan()
    assert code == 0, said
    done = root.run("apply", "late.tfplan", timeout=400)
    assert done.returncode == 1
    assert "Saved plan is stale" in done.stdout

    # The release goes; the team's namespace and its Secret stay.
    done = prod.terraform("destroy", "-auto-approve", not_ours)
    assert done.returncode == 0, done.stdout
    assert "Destroy complete! Resources: 2 destroyed." in done.stdout
    assert cluster.get("secret", "app-secrets", "-n", prod.namespace)["data"].keys() == KEYS.keys()
    assert cluster.get("deployments", "-n", prod.namespace)["items"] == []


def deploy(dev: Environment) -> subprocess.CompletedProcess[str]:
    """What the command line makes of dev in the namespace that Terraform filled."""
    project, cluster = dev.root.chart.parents[1], dev.cluster
    (project / "app").mkdir(exist_ok=True)
    ours = f"namespace: {dev.namespace}, engine: kubernetes, context: {cluster.context}"
    edit(project / "flaskship.yaml", "namespace: my-app-dev, engine: local", ours)
    command = [sys.executable, "-m", "flaskship", "deploy", "dev", "--project", str(project)]
    environ = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())
