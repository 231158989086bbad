"""Where what only prod has leads: to the very line that was added to its values, by the real command."""

import shutil
from pathlib import Path

import pytest
from tests.integration.policy.checking import ROOT, check

INGRESS = "ingress:\n  enabled: true\n"
API = "  my-tomorrows-api:\n    enabled: true\n"
WORKER = "  my-tomorrows-worker:\n    enabled: true\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "infra/helmchart", tmp_path / "infra/helmchart")
    shutil.copy(ROOT / "flaskship.yaml", tmp_path)
    (tmp_path / "app").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("below", "added"),
    [
        (INGRESS, "  scheme: internal\n"),
        (INGRESS, "  certificateArn: arn:aws:acm:us-west-2:111122223333:certificate/a\n"),
        (API, "    pdb:\n      maxUnavailable: 25%\n"),
        (API, "    minReadySeconds: 7\n"),
        (API, "    podAnnotations: {a: b}\n"),
        (API, "    topologySpread:\n      whenUnsatisfiable: DoNotSchedule\n"),
        (API, "    image:\n      pullSecrets: [pull]\n"),
        (API, "    config: {NEW: x}\n"),
        (API, "    service:\n      targetPort: 5001\n"),
        (API, "    service:\n      port: 81\n"),
        (API, "    probes:\n      liveness:\n        path: /alive\n"),
        (API, "    resources:\n      limits:\n        ephemeral-storage: 1Gi\n"),
        (WORKER, "    ingress:\n      subdomain: work\n      enabled: true\n"),
    ],
    ids=lambda text: text.split()[-2],
)
def test_what_only_prod_says_is_told_at_the_line_that_says_it(project: Path, below: str, added: str) -> None:
    values = project / "infra/helmchart/values-prod.yaml"
    text = values.read_text()
    assert text.count(below) == 1
    values.write_text(text.replace(below, below + added))
    line = text[: text.index(below)].count("\n") + (below + added).count("\n")
    found = check("prod", "--untested-against", "staging", "--project", str(project)).of("untested")
    assert found
    told = {one["object"]: (Path(one["values"]["file"]).name, one["values"]["line"]) for one in found}
    assert told == dict.fromkeys(told, ("values-prod.yaml", line))
