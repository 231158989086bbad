import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chart.drafts import our_project, plain_project

from flaskship.chart.project import load_project
from flaskship.chart.render import RenderedChart, render_environment
from flaskship.chart.values import LayeredValues, layer_values
from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Project

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = ("dev", "staging", "prod")


@dataclass(frozen=True)
class Release:
    """A rendered environment of this repository's own chart, with its objects by kind and name."""

    layered: LayeredValues
    rendered: RenderedChart

    def all(self, kind: str) -> dict[str, Mapping[str, Any]]:
        objects = [*self.rendered.documents, *self.rendered.hooks]
        return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}

    def one(self, kind: str, name: str = "my-tomorrows-api") -> Mapping[str, Any]:
        return self.all(kind)[name]

    def pod(self, name: str = "my-tomorrows-api") -> Mapping[str, Any]:
        spec: Mapping[str, Any] = self.one("Deployment", name)["spec"]["template"]["spec"]
        return spec

    def container(self, name: str = "my-tomorrows-api") -> Mapping[str, Any]:
        container: Mapping[str, Any] = self.pod(name)["containers"][0]
        return container

    def env(self, name: str = "my-tomorrows-api") -> dict[str, Any]:
        return {
            entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in self.container(name)["env"]
        }

    def settings(self, name: str = "my-tomorrows-api") -> Mapping[str, str]:
        reference = self.container(name)["envFrom"][0]["configMapRef"]["name"]
        data: Mapping[str, str] = self.one("ConfigMap", reference)["data"]
        return data


Render = Callable[..., Release]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Render an environment of the real chart with a values text on top."""

    def rendered(values: str = "", *sets: str, environment: str = "dev") -> Release:
        extra = tmp_path / "extra.yaml"
        extra.write_text(values)
        project = load_project(ROOT)
        chosen = project.environment(environment)
        layered = layer_values(project, chosen, (extra,), sets)
        return Release(layered, render_environment(project, chosen, layered))

    return rendered


@pytest.fixture
def refused(render: Render, tmp_path: Path) -> Callable[..., str]:
    """The message of a refusal, which must name the values text's own line."""

    def refusal(values: str = "", *sets: str, environment: str = "dev", line: int | None = None) -> str:
        with pytest.raises(ConfigurationError) as caught:
            render(values, *sets, environment=environment)
        if line is not None:
            assert str(caught.value.location) == f"{tmp_path / 'extra.yaml'}:{line}"
        return caught.value.message

    return refusal


@pytest.fixture
def helm() -> Path:
    """An unmodified helm 4 binary: FLASKSHIP_HELM, the PATH, or the one of the test cluster."""
    named = os.environ.get("FLASKSHIP_HELM") or shutil.which("helm")
    built = Path.home() / ".cache" / "onenode" / "bin" / "helm"
    path = Path(named) if named else built
    if not os.access(path, os.X_OK):
        pytest.skip("no helm binary: set FLASKSHIP_HELM, or put helm 4.3 or later on the PATH")
    return path


@pytest.fixture
def ours(tmp_path: Path) -> Project:
    return our_project(tmp_path)


@pytest.fixture
def plain(tmp_path: Path) -> Project:
    return plain_project(tmp_path)
