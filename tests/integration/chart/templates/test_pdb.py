"""pdb.yaml: a drain takes one replica at a time, and never waits for a sick one."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    pdb: "


@pytest.mark.on
def test_prod_gives_up_one_at_a_time(render) -> None:
    release = render(environment="prod")
    assert len(release.all("PodDisruptionBudget")) == 4
    spec = release.one("PodDisruptionBudget", "my-tomorrows-api-pdb")["spec"]
    assert spec["maxUnavailable"] == 1
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert spec["selector"]["matchLabels"] == release.one("Deployment")["spec"]["selector"]["matchLabels"]


@pytest.mark.off
def test_dev_has_none(render) -> None:
    assert not render().all("PodDisruptionBudget")


@pytest.mark.override
def test_a_percentage(render) -> None:
    release = render(API + "{enabled: true, maxUnavailable: 25%}\n")
    assert release.one("PodDisruptionBudget", "my-tomorrows-api-pdb")["spec"]["maxUnavailable"] == "25%"


@pytest.mark.bad
@pytest.mark.parametrize("amount", ["0", "'0%'"])
def test_a_budget_that_blocks_every_drain_is_refused(refused, amount: str) -> None:
    assert "blocks every drain" in refused(API + f"{{enabled: true, maxUnavailable: {amount}}}\n", line=3)


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{minAvailable: 2}", "{maxUnavailable: some}", "{enabled: 1}"])
def test_a_budget_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "applications.my-tomorrows-api.pdb." in refused(API + text + "\n", line=3)
