"""The phase of a whole environment."""

import pytest

from flaskship.engines.local.supervisor.observing import overall
from flaskship.model.snapshot import Phase

HEALTHY, DEGRADED, PROGRESSING, PAUSED = Phase.HEALTHY, Phase.DEGRADED, Phase.PROGRESSING, Phase.PAUSED


@pytest.mark.parametrize(
    ("phases", "worst"),
    [
        ((), HEALTHY),
        ((HEALTHY, HEALTHY), HEALTHY),
        ((HEALTHY, PAUSED), PAUSED),
        ((PAUSED, PROGRESSING), PROGRESSING),
        ((PROGRESSING, DEGRADED, HEALTHY), DEGRADED),
    ],
)
def test_an_environment_is_as_well_as_its_worst_workload(phases: tuple[Phase, ...], worst: Phase) -> None:
    assert overall(phases, running=True, ending=True) is worst


def test_an_environment_that_is_going_down_is_not_healthy_for_having_nothing_left() -> None:
    assert overall((), running=False, ending=True) is PROGRESSING
    assert overall((), running=False, ending=False) is Phase.STOPPED
