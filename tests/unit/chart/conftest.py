from collections.abc import Callable
from pathlib import Path

import pytest

FLASKSHIP_YAML = """\
apiVersion: flaskship.dev/v1
name: shop
chart: chart
images:
  team/shop: {context: app}
environments:
  dev: {release: dev-shop, namespace: shop-dev, engine: local}
  prod: {release: prod-shop, namespace: shop-prod, engine: kubernetes, promotes_from: dev, writer: argocd}
"""

VALUES = """\
defaults:
  replicas: 1
  resources: {limits: {cpu: "1", memory: 512Mi}}
  args: [a, b]
roles:
  api: {}
  worker:
    replicas: 2
applications: {}
"""

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data: {values: {{ toJson .Values | quote }}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project with a chart that shows the values it got."""
    (tmp_path / "flaskship.yaml").write_text(FLASKSHIP_YAML)
    (tmp_path / "app").mkdir()
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(
        'apiVersion: v2\nname: shop\nversion: 0.1.0\nkubeVersion: ">=1.30.0-0"\n'
    )
    (chart / "values.yaml").write_text(VALUES)
    (chart / "values-dev.yaml").write_text("applications:\n  shop-api:\n    replicas: 3\n")
    (chart / "values-prod.yaml").write_text("applications:\n  shop-api: {}\n")
    (chart / "templates" / "configmap.yaml").write_text(CONFIG_MAP)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    def write_file(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text)
        return path

    return write_file
