"""NOTES.txt: true ways in, and a warning where the namespace is not the environment's."""

from pathlib import Path

from flaskship.chart import helm
from flaskship.chart.project import load_project
from flaskship.chart.values import layer_values

ROOT = Path(__file__).resolve().parents[3]


def test_dev_tells_its_port(render) -> None:
    notes = str(render().rendered.notes)
    assert "curl http://localhost:30080/health" in notes
    assert "my-app dev is release dev-apps in namespace my-app-dev" in notes
    assert "WARNING" not in notes


def test_prod_tells_its_hosts_and_nothing_of_worker_and_monitoring_outside(render) -> None:
    notes = str(render(environment="prod").rendered.notes)
    assert "https://api.mytomorrows.com/" in notes
    assert "https://admin.mytomorrows.com/" in notes
    assert notes.count("https://") == 2
    assert "kubectl port-forward svc/my-tomorrows-monitoring 8080:80 -n my-app-prod" in notes


def test_the_wrong_namespace_is_said() -> None:
    project = load_project(ROOT)
    layered = layer_values(project, project.environment("dev"))
    files = helm.render(project.chart, layered.supplied, helm.ReleaseFacts("dev-apps", "default"))
    notes = files["my-app/templates/NOTES.txt"]
    assert "WARNING: this environment belongs in namespace my-app-dev" in notes
    assert "-n my-app-dev --create-namespace" in notes
