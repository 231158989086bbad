"""Who ended a container's process: what is known, what the kernel counted, or somebody."""

import pytest

from flaskship.engines.local.processes.limits import Usage
from flaskship.engines.local.spawner.records import Ending
from flaskship.engines.local.supervisor.killer import killer
from flaskship.model.snapshot import KilledBy

KILLED = Ending(at=1.0, signal=9)
BY_A_SHELL = Ending(at=1.0, exit_code=137)
COUNTED, NOTHING = Usage(oom_kills=1), Usage(oom_kills=0)


@pytest.mark.parametrize("ending", [KILLED, BY_A_SHELL])
def test_the_limit_killed_the_process_or_the_child_that_its_shell_reports(ending: Ending) -> None:
    assert killer(ending, None, COUNTED) is KilledBy.MEMORY_LIMIT


@pytest.mark.parametrize("known", [KilledBy.WATCHDOG, KilledBy.LIVENESS, KilledBy.ENGINE])
def test_who_is_known_to_have_killed_is_never_replaced_by_a_limit(known: KilledBy) -> None:
    assert killer(KILLED, known, COUNTED) is known


@pytest.mark.parametrize("usage", [NOTHING, Usage(), None])
def test_without_a_kill_of_the_limit_a_signal_is_from_outside_and_a_code_is_its_own(usage: Usage) -> None:
    assert killer(KILLED, None, usage) is KilledBy.OUTSIDE
    assert killer(BY_A_SHELL, None, usage) is None


def test_another_code_is_the_containers_own_although_a_child_was_lost() -> None:
    assert killer(Ending(at=1.0, exit_code=1), None, COUNTED) is None
