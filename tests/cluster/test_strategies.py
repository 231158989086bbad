"""Canary and blue-green, performed by Argo Rollouts and followed by us to their end."""

import shutil

import pytest
from tests.cluster.town import API, ROOT, Town

from flaskship.engines.kubernetes.resources import DEPLOYMENTS, ROLLOUTS

CANARY = """
applications:
  my-tomorrows-api:
    replicas: 2
    strategy: {type: Canary, canary: {steps: [{weight: 50, pauseSeconds: 3}]}}
"""
BLUE_GREEN = """
applications:
  my-tomorrows-api:
    strategy: {type: BlueGreen, blueGreen: {autoPromotion: true, scaleDownDelaySeconds: 5}}
"""


async def require_rollouts(town: Town) -> None:
    if ("argoproj.io/v1alpha1", "Rollout") not in await town.cluster.api_resources():
        pytest.skip("the cluster has no Argo Rollouts: install it to try canary and blue-green")


def name_no_account(town: Town) -> None:
    """Leave the account out of the pod template, in a copy of the chart.

    An Argo Rollouts that was built with the libraries of Kubernetes 1.37 refuses each template with one: it
    converts the template to the internal type without the older name of the field, and compares the two.
    """
    (town.folder / "infra").unlink()
    shutil.copytree(ROOT / "infra" / "helmchart", town.folder / "infra" / "helmchart")
    template = town.folder / "infra" / "helmchart" / "templates" / "_pod.tpl"
    lines = template.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "serviceAccountName:" not in line]
    assert len(kept) == len(lines) - 1
    template.write_text("".join(kept))


@pytest.mark.parametrize("values", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
async def test_a_strategy_is_followed_to_its_end_and_a_failure_goes_back(town: Town, values: str) -> None:
    await require_rollouts(town)
    name_no_account(town)
    file = town.folder / "strategy.yaml"
    file.write_text(values)
    (await town.go("deploy", "dev", "-f", str(file))).succeeded()
    rollout = await town.cluster.get(ROLLOUTS, API, town.namespace())
    assert rollout["status"]["phase"] == "Healthy"
    assert await town.cluster.find(DEPLOYMENTS, API, town.namespace()) is None
    update = (await town.go("deploy", "dev", "-f", str(file), "--set", "defaults.logLevel=INFO")).succeeded()
    assert update.outcome == "successful"
    print(f"the receipt: {update.document['receipt']}")
    broken = ("--set", f"applications.{API}.command={{/bin/false}}")
    failed = await town.go("deploy", "dev", "-f", str(file), *broken)
    assert failed.code == 1
    assert failed.document["rolled_back_to"] == 2
    rollout = await town.cluster.get(ROLLOUTS, API, town.namespace())
    assert rollout["status"]["phase"] == "Healthy"
    status = (await town.go("status")).document
    assert status["phase"] == "Healthy"
