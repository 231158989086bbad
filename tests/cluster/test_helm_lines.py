"""The guide's three helm install lines, with its reader's plain tools: section 2.3, checked as in 2.4."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.outside import here, running_database, running_store, wait_until
from tests.cluster.plainly import CHART, Site, require_kinds, site, tool

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

APPLICATIONS = {
    "dev": ["my-tomorrows-api", "my-tomorrows-worker"],
    "staging": ["my-tomorrows-admin", "my-tomorrows-api", "my-tomorrows-worker"],
    "prod": ["my-tomorrows-admin", "my-tomorrows-api", "my-tomorrows-monitoring", "my-tomorrows-worker"],
}
PATHS = {"staging": "my-app/staging", "prod": "my-app/production"}


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    with site(tmp_path, request.node.callspec.params["environment"]) as made:
        yield made


def asked(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def checked_as_the_guide_does(place: Site, environment: str) -> None:
    """Pods Running, Services there, the release deployed, logs by label, and every application answers."""
    names = APPLICATIONS[environment]
    place.wait(*names)
    pods = [one for one in place.get("pods")["items"] if "deletionTimestamp" not in one["metadata"]]
    assert {one["status"]["phase"] for one in pods} == {"Running"}
    assert sorted(one["metadata"]["name"] for one in place.get("services")["items"]) == names
    (release,) = json.loads(place.helm("list", "-o", "json"))
    assert (release["name"], release["status"]) == (f"{environment}-apps", "deployed")
    assert place.kubectl("logs", "-l", "app.kubernetes.io/name=my-tomorrows-api", "--tail=5")
    tested = place.helm("test", f"{environment}-apps", "--timeout", "240s")
    assert tested.count("Succeeded") == len(names)


@pytest.mark.parametrize("environment", ["dev"])
def test_dev_as_it_stands_in_the_guide(place: Site, environment: str) -> None:
    for service in place.get("services", "-A")["items"]:
        if any(port.get("nodePort") == 30080 for port in service["spec"]["ports"]):
            pytest.skip(f"port 30080 of this cluster is taken by {service['metadata']['namespace']}")
    said = place.helm("install", "dev-apps", ".", "-f", "values-dev.yaml")
    assert "WARNING: this environment belongs in namespace my-app-dev" in said
    checked_as_the_guide_does(place, "dev")
    assert asked(f"http://{place.node()}:30080/health") == {"status": "healthy"}
    place.helm("uninstall", "dev-apps")


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_staging_and_prod_with_the_operators_that_they_want(
    tmp_path: Path, place: Site, environment: str
) -> None:
    require_kinds(
        place, "external-secrets.io/v1", *(["autoscaling.k8s.io/v1"] if environment == "prod" else [])
    )
    with running_store(tmp_path) as store, running_database(tmp_path) as database:
        own = tmp_path / "here.yaml"
        path = f"{place.namespace}/{PATHS[environment]}"
        own.write_text(json.dumps(here(place.namespace, path, database, store)))
        line = ["install", f"{environment}-apps", ".", "-f", f"values-{environment}.yaml", "-f", str(own)]
        place.helm(*line)
        wait_until(
            lambda: len(place.get("secrets", "--field-selector=type=Opaque")["items"]) == 2, 120, "secrets"
        )
        keys = {
            one["metadata"]["name"]: sorted(one["data"])
            for one in place.get("secrets", "--field-selector=type=Opaque")["items"]
        }
        assert keys["database-secret"] == ["password", "username"]
        assert {"database-url", "api-key", "ui-password"} < set(keys["app-secrets"])
        checked_as_the_guide_does(place, environment)
        assert forwarded(place) == {"status": "healthy"}
        assert database.say("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND datname = 'app'")
        if environment == "prod":
            assert len(place.get("verticalpodautoscalers")["items"]) == 4
        place.helm("uninstall", f"{environment}-apps")


def forwarded(place: Site) -> object:
    """`kubectl port-forward svc/my-tomorrows-api 8080:80`, then curl; the port here is any free one."""
    process = subprocess.Popen(
        [tool("kubectl"), f"--kubeconfig={place.kubeconfig}", "port-forward", "svc/my-tomorrows-api", ":80"],
        cwd=CHART,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        port = process.stdout.readline().split("127.0.0.1:")[1].split(" ")[0]
        return asked(f"http://127.0.0.1:{port}/health")
    finally:
        process.terminate()
        process.wait(10)
