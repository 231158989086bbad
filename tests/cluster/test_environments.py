"""Staging with three applications and production with four, on Secrets that somebody else made."""

import pytest
from tests.cluster.town import API, Town

from flaskship.engines.kubernetes.resources import SECRETS

# One node, no load balancer, no managed database: SQLite on one claim stands for the last.
HERE = """
secrets: {provider: existing}
persistence: {enabled: true}
ingress: {enabled: false}
networkPolicy: {enabled: false}
priorityClasses: {create: false}
defaults:
  resources: {requests: {cpu: 10m, memory: 64Mi}}
  preStopSeconds: 1
  # A node that starts ten of them at once is slow.
  probes: {startup: {failureThreshold: 300}}
  scheduling: {priority: ""}
  vpa: {enabled: false}
applications:
  my-tomorrows-api: {replicas: 1, autoscaling: {enabled: false}, scheduling: {priority: ""}}
  my-tomorrows-worker: {replicas: 1, autoscaling: {enabled: false}}
  my-tomorrows-admin: {replicas: 1}
"""
KEYS = {"database-url": "sqlite:////data/reminders.db", "api-key": "k" * 32, "ui-password": "p" * 16}


async def running_digest(town: Town) -> str:
    """The digest of the image as the cluster's nodes have it: production takes no tag."""
    (await town.go("deploy")).succeeded()
    (newest,) = (await town.go("history")).document["revisions"]
    return str(newest["images"][API])


@pytest.mark.parametrize(("environment", "applications"), [("staging", 3), ("prod", 4)])
async def test_an_environment_with_all_its_applications(
    town: Town, environment: str, applications: int
) -> None:
    digest = await running_digest(town)
    await town.make_namespace(environment, {"pod-security.kubernetes.io/enforce": "restricted"})
    secret = {"metadata": {"name": "app-secrets"}, "stringData": KEYS}
    await town.cluster.create(SECRETS, secret, town.namespace(environment))
    file = town.folder / "here.yaml"
    file.write_text(HERE)
    if environment == "prod":
        refused = await town.go("deploy", environment, "-f", str(file))
        assert refused.code == 4
        assert "digest" in refused.document["error"]["message"]
    by_digest = ("--set", f"defaults.image.digest={digest}")
    deployed = (await town.go("deploy", environment, "-f", str(file), *by_digest)).succeeded()
    assert deployed.outcome == "successful"
    status = (await town.go("status", environment)).document
    assert len(status["applications"]) == applications
    assert {one["phase"] for one in status["applications"]} == {"Healthy"}
    (newest,) = (await town.go("history", environment)).document["revisions"]
    assert set(newest["images"].values()) == {digest}
