from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contract.world import API, WORKER, Stage
from tests.unit.aws.stacks import lay_out

from flaskship.model.errors import ConfigurationError
from flaskship.tasks.cost import Change, difference, estimate


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage()
    stage.project = replace(stage.project, root=tmp_path)
    return stage


def test_an_environment_from_its_files(stage: Stage) -> None:
    lay_out(stage.project.root, "dev")
    found = estimate(stage.world(), stage.project, stage.project.environment("dev"))
    assert list(found.bill.stacks) == ["network", "platform", "app"]
    assert [part.demand.name for part in found.shares.applications] == [API, WORKER]
    assert found.bill.total == sum((part.total for part in found.shares.applications), found.shares.shared)


def test_what_differs_is_told_by_stack_and_by_application(stage: Stage) -> None:
    lay_out(stage.project.root, "dev", "staging")
    folder = stage.project.root / "infra/terraform/aws/stacks/network/environments"
    (folder / "staging.tfvars").write_text("nat_per_zone = true\n")
    dev, staging = (
        estimate(stage.world(), stage.project, stage.project.environment(name)) for name in ("dev", "staging")
    )
    changes = {change.name: change for change in difference(dev, staging)}
    assert list(changes) == ["network", "platform", "app", API, WORKER, "shared"]
    gateway = Decimal("0.045") * 730 + Decimal("0.005") * 730
    use = dev.prices.use
    data = (use["staging"]["nat_gb"] - use["dev"]["nat_gb"]) * Decimal("0.045")
    logs = (use["staging"]["flow_log_gb"] - use["dev"]["flow_log_gb"]) * Decimal("0.53")
    assert changes["network"].after - changes["network"].before == gateway + data + logs
    assert changes[API] == Change(API, dev.shares.applications[0].total, staging.shares.applications[0].total)


def test_nodes_that_are_too_small_are_told(stage: Stage) -> None:
    lay_out(stage.project.root, "dev")
    found = estimate(stage.world(), stage.project, stage.project.environment("dev"))
    full = replace(found, shares=replace(found.shares, used=Decimal("1.5")))
    assert full.notes[-1].startswith("the applications ask for 150 % of the nodes")
    assert not any("of the nodes" in note for note in found.notes)


def test_where_there_are_no_nodes_nothing_is_told_of_their_use(stage: Stage) -> None:
    lay_out(stage.project.root, "dev")
    folder = stage.project.root / "infra/terraform/aws/stacks/platform/environments"
    text = (folder / "dev.tfvars").read_text()
    (folder / "dev.tfvars").write_text(text.replace("desired = 1", "desired = 0"))
    found = estimate(stage.world(), stage.project, stage.project.environment("dev"))
    assert found.shares.used == 0
    assert not any("of the nodes" in note for note in found.notes)


@pytest.mark.parametrize("stack", ["network", "platform", "app"])
def test_a_stack_that_is_not_there_is_named(stage: Stage, stack: str) -> None:
    lay_out(stage.project.root, "dev")
    file = stage.project.root / f"infra/terraform/aws/stacks/{stack}/environments/dev.tfvars"
    file.unlink()
    with pytest.raises(ConfigurationError, match=f"the stack {stack} has no such file") as caught:
        estimate(stage.world(), stage.project, stage.project.environment("dev"))
    assert str(caught.value.location) == str(file)
