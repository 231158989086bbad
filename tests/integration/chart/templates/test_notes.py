"""NOTES.txt: true ways in, and a warning where the namespace is not the environment's."""

from pathlib import Path

import pytest

from flaskship.chart import helm
from flaskship.chart.project import load_project
from flaskship.chart.values import layer_values

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.on
def test_dev_tells_its_port(render) -> None:
    notes = str(render().rendered.notes)
    assert "curl http://localhost:30080/health" in notes
    assert "my-app dev is release dev-apps in namespace my-app-dev" in notes
    assert "WARNING" not in notes


@pytest.mark.on
def test_prod_tells_its_hosts_and_nothing_of_worker_and_monitoring_outside(render) -> None:
    notes = str(render(environment="prod").rendered.notes)
    assert "https://api.mytomorrows.com/" in notes
    assert "https://admin.mytomorrows.com/" in notes
    assert notes.count("https://") == 2
    assert "kubectl port-forward svc/my-tomorrows-monitoring 8080:80 -n my-app-prod" in notes


@pytest.mark.override
@pytest.mark.parametrize(
    ("service", "way"),
    [
        ("{type: NodePort, nodePort: null}", "-o jsonpath='{.spec.ports[0].nodePort}'"),
        ("{type: LoadBalancer, nodePort: null}", "-o jsonpath='{.status.loadBalancer.ingress[0]}'"),
    ],
)
def test_a_port_or_an_address_that_the_cluster_chooses_is_asked_for(render, service: str, way: str) -> None:
    notes = str(render(f"applications: {{my-tomorrows-api: {{service: {service}}}}}\n").rendered.notes)
    assert f"kubectl get svc my-tomorrows-api -n my-app-dev {way}" in notes
    assert "curl http://localhost" not in notes


def test_the_wrong_namespace_is_said() -> None:
    project = load_project(ROOT)
    layered = layer_values(project, project.environment("dev"))
    files = helm.render(project.chart, layered.supplied, helm.ReleaseFacts("dev-apps", "default"))
    notes = files["my-app/templates/NOTES.txt"]
    assert "WARNING: this environment belongs in namespace my-app-dev" in notes
    assert "-n my-app-dev --create-namespace" in notes


@pytest.mark.off
def test_what_has_no_service_has_no_way_in(render) -> None:
    notes = str(render("", "applications.my-tomorrows-worker.service.enabled=false").rendered.notes)
    assert "my-tomorrows-worker" not in notes
    assert "helm test dev-apps -n my-app-dev" in notes


@pytest.mark.override
def test_ports_hosts_and_paths_are_those_of_the_values(render) -> None:
    text = (
        "ingress: {domain: example.org}\napplications:\n  my-tomorrows-api:\n"
        "    service: {type: NodePort, nodePort: 31234, port: 8080}\n    probes: {liveness: {path: /alive}}\n"
    )
    notes = str(render(text, environment="prod").rendered.notes)
    assert "https://api.example.org/" in notes
    assert "curl http://localhost:31234/alive" in notes
    assert "port-forward svc/my-tomorrows-api 8080:8080" in notes


@pytest.mark.parametrize(
    ("ingress", "scheme"),
    [
        ("{className: alb}", "https"),
        ("{className: nginx}", "http"),
        ("{className: nginx, tlsSecret: certificate}", "https"),
    ],
)
def test_an_address_is_https_where_something_ends_tls(render, ingress: str, scheme: str) -> None:
    notes = str(render(f"ingress: {ingress}\n", environment="prod").rendered.notes)
    assert f"  {scheme}://api.mytomorrows.com/" in notes


def test_hosts_that_webhooks_may_reach_are_told_because_the_network_knows_none(render) -> None:
    def notes(allow: str, environment: str = "prod") -> str:
        text = f"applications: {{my-tomorrows-worker: {{webhooks: {{allow: {allow}}}}}}}\n"
        return str(render(text, environment=environment).rendered.notes)

    assert "names hooks.corp, 3com.corp, and a NetworkPolicy knows no host names" in notes(
        "[10.1.0.0/16, hooks.corp, 'fd00::/8', 3com.corp]"
    )
    assert "host names" not in notes("[10.1.0.0/16, 'fd00::1']")
    assert "host names" not in notes("[hooks.corp]", environment="dev")


@pytest.mark.bad
@pytest.mark.parametrize("text", ["environment: 'a b'", "partOf: A_B", "environment: [x]"])
def test_names_that_cannot_be_are_refused(refused, text: str) -> None:
    assert text.partition(":")[0] in refused(text + "\n", line=1)
