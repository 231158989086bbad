"""kill -9 before and after every durable step: nothing is lost, doubled, orphaned or left half done."""

from tests.faults import kills
from tests.faults.kills import Kill
from tests.faults.results import Cut, record
from tests.faults.town import Town


async def test_nothing_is_lost_when_a_process_dies_at_a_step(built: Town, kill: Kill) -> None:
    try:
        sent, lost = await kills.run(built, kill)
    except BaseException:
        record(Cut(str(kill), kill.victim, passed=False))
        raise
    record(Cut(str(kill), kill.victim, passed=True, sent=sent, lost=lost))
