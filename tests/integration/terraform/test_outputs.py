"""managed_applications is what the chart renders, for values of every form that the chart accepts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.terraform import ROOT, Root

from flaskship.chart import helm

from .conftest import KUBECONFIG

CHART = ROOT / "infra" / "helmchart"
VARIANTS = {
    "one off": ["applications: {my-tomorrows-worker: {enabled: false}}"],
    "two more": ["applications: {extra-worker: {}, extra-admin: {role: worker}}"],
    "off by default": ["defaults: {enabled: false}", "applications: {idle-worker: {}}"],
    "off by role": [
        "roles: {worker: {enabled: false}}\napplications: {night-worker: {}, day: {role: worker}}"
    ],
    "taken away": ["applications: {my-tomorrows-worker: null}"],
    "taken away and back": [
        "applications: {extra: {enabled: false}}",
        "applications: {extra: null}",
        "applications: {extra: {role: worker}}",
    ],
    "a list": ["applications: [{name: shop}, {name: stall, enabled: false}]"],
    "a list, nothing, a map": [
        "applications: [{name: shop}]",
        "policy: {accept: []}",
        "applications: {stall: {role: worker}}",
    ],
    "a list, then a map": ["applications: [{name: shop}]", "applications: {stall: {role: worker}}"],
    "no role of that name": ["applications: {my-tomorrows-api: null, plain: {}}"],
}
CASES = [("staging", name) for name in VARIANTS] + [(name, "") for name in ("dev", "staging", "prod")]


@pytest.mark.parametrize(("environment", "variant"), CASES)
def test_the_plan_names_what_the_chart_renders(
    environment: str, variant: str, prepared: Root, tmp_path: Path
) -> None:
    extra = [tmp_path / f"{index}.yaml" for index, _ in enumerate(VARIANTS.get(variant, ()))]
    for path, text in zip(extra, VARIANTS.get(variant, ()), strict=True):
        path.write_text(text + "\n")
    done = prepared.run(
        "plan",
        f"-var-file=environments/{environment}.tfvars",
        f"-var=kubeconfig={KUBECONFIG}",
        f"-var=extra_values={json.dumps([str(path) for path in extra])}",
    )
    assert done.returncode == 0, done.stdout
    listed = re.search(r"managed_applications\s+= \[(.*?)\]", done.stdout, re.S)
    assert listed, done.stdout
    assert re.findall(r'"([\w-]+)"', listed[1]) == deployed(environment, extra)


def deployed(environment: str, extra: list[Path]) -> list[str]:
    """The Deployments that Helm makes of these files: maps merge, all else takes the place of what was."""
    values: dict[str, Any] = {}
    for file in (CHART / f"values-{environment}.yaml", *extra):
        values = merged(values, helm.parse_yaml(file.read_text()))
    files = helm.render(CHART, values, helm.ReleaseFacts(f"{environment}-apps", f"my-app-{environment}"))
    return sorted(
        re.findall(
            r"^kind: Deployment\nmetadata:\n  name: \"?([\w-]+)", "\n".join(files.values()), re.MULTILINE
        )
    )


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found
