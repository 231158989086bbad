"""What the engine finishes by itself, when nobody comes back to ask."""

from tests.faults import kills
from tests.faults.kills import Ground, Kill
from tests.faults.town import Town


async def test_a_deletion_goes_on_when_its_command_dies(built: Town) -> None:
    ground = Ground(built, "delete")
    case = await ground.prepare()
    kill = Kill("delete", "save_intent", "after", "cli")
    await built.restart_supervisor(kill.fault)
    assert not await kills.command(built, kill, case)
    await built.until(
        lambda: not built.rows(f"SELECT 1 FROM intents WHERE environment = '{case.environment}'")
    )
    await built.let_go()
    await built.clean()
