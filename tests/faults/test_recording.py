"""Every durable step has a kill case: what is recorded of each operation is what the table enumerates."""

import pytest
from tests.faults.cases import BEFORE_ANY, OCCURS
from tests.faults.kills import Ground
from tests.faults.operations import OPERATIONS
from tests.faults.town import Town

import flaskship.engines.local.supervisor.life  # noqa: F401 (imports every module with steps)
from flaskship.engines.local import steps


def test_every_step_is_cut_somewhere() -> None:
    assert {step for each in OCCURS.values() for step in each} == set(steps.names())


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_the_table_is_what_happens(built: Town, operation: str) -> None:
    ground = Ground(built, operation)
    case = await ground.prepare()
    begun = await built.restart_supervisor()
    for step in BEFORE_ANY:
        await built.until(lambda step=step: f"step {step}" in built.said(begun), what=step)
    since = built.log_size()
    await OPERATIONS[operation](case)
    await ground.intended(acknowledged=True)
    recorded = {line.removeprefix("step ") for line in built.said(since) if line.startswith("step ")}
    await ground.leave()
    await built.let_go()
    assert recorded == set(OCCURS[operation])
