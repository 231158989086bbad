"""An unmodified helm, without Flaskship, renders the same bytes and reads --set the same way."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flaskship.chart.set_syntax import assign, parse_sets
from flaskship.model.errors import ConfigurationError

CHART = Path(__file__).resolve().parents[3] / "infra" / "helmchart"


def template(helm: Path, environment: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [helm, "template", f"{environment}-apps", CHART, "-n", f"my-app-{environment}",
         "-f", CHART / f"values-{environment}.yaml", *more],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_bytes_are_the_same(helm: Path, render, environment: str) -> None:
    assert template(helm, environment).stdout == render(environment=environment).rendered.manifests


@pytest.mark.parametrize(
    "expression",
    [
        "applications.my-tomorrows-api.command={/bin/false}",
        "applications.my-tomorrows-api.resources.limits=null",
        "defaults.resources.limits.cpu=null",
        "applications.my-tomorrows-api.env.A=1,applications.my-tomorrows-api.env.B=true",
        "applications.my-tomorrows-worker=null",
    ],
)
def test_set_options_mean_the_same(helm: Path, render, expression: str) -> None:
    ours = render("", expression).rendered.manifests
    assert template(helm, "dev", "--set", expression).stdout == ours


def test_the_list_form_means_the_same(helm: Path, render, tmp_path: Path) -> None:
    listed = "applications:\n  - name: shop-api\n    replicas: 2\n  - name: shop-worker\n"
    (tmp_path / "list.yaml").write_text(listed)
    empty = tmp_path / "values-dev.yaml"
    empty.write_text("environment: dev\n")
    done = subprocess.run(
        [helm, "template", "dev-apps", CHART, "-n", "my-app-dev", "-f", empty, "-f", tmp_path / "list.yaml"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "kind: Deployment" in done.stdout
    assert 'name: "shop-worker"' in done.stdout


@pytest.mark.parametrize(
    "text", ["defaults: {replcas: 1}\n", "applications: {my-tomorrows-api: {image: {tag: 1.1}}}\n"]
)
def test_plain_helm_refuses_what_the_schema_refuses(helm: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    done = template(helm, "dev", "-f", str(tmp_path / "bad.yaml"))
    assert done.returncode != 0
    assert "schema" in done.stderr


def test_lint_and_package_pass(helm: Path, tmp_path: Path) -> None:
    for environment in ("dev", "staging", "prod"):
        values = CHART / f"values-{environment}.yaml"
        lint = subprocess.run(
            [helm, "lint", CHART, "--strict", "-f", values],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert lint.returncode == 0, lint.stdout
    subprocess.run([helm, "package", CHART, "-d", tmp_path], capture_output=True, timeout=60, check=True)
    assert list(tmp_path.glob("*.tgz"))


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_line_of_the_guide_installs_as_a_dry_run(helm: Path, tmp_path: Path, environment: str) -> None:
    """`helm install dev-apps . -f values-dev.yaml`, as it stands there; no cluster is asked."""
    line = ["install", f"{environment}-apps", ".", "-f", f"values-{environment}.yaml", "--dry-run=client"]
    nowhere = {**os.environ, "KUBECONFIG": str(tmp_path / "none")}
    done = subprocess.run(
        [helm, *line], cwd=CHART, env=nowhere, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"release {environment}-apps in namespace default" in done.stdout
    assert f"this environment belongs in namespace my-app-{environment}" in done.stdout


keys = st.from_regex(r"[a-c](\.[a-c]|\[[0-2]\]){0,3}", fullmatch=True)
texts = st.text(alphabet="ab01-={},. \\\"'truenl\u00fc", max_size=8)
expressions = st.lists(st.builds("{}={}".format, keys, texts), min_size=1, max_size=3).map(",".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions)
def test_helms_own_parser_agrees(expression: str) -> None:
    from helm_python import HelmError, _native

    # Helm loses an empty value behind an index; ours keeps it.
    assume(not re.search(r"\][^=]*=(,|$)", expression))
    try:
        theirs = json.loads(_native.call_string("helm_strvals_parse", expression))
    except HelmError:
        theirs = None
    ours: dict[str, object] | None = {}
    try:
        for assignment in parse_sets([expression]):
            assign(ours, assignment)
    except ConfigurationError:
        # Stricter than Helm is allowed: it drops what it does not understand.
        return
    assert ours == theirs
