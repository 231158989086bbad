"""Each terminal state on a real cluster: its cause, in time; and the near misses, which must come out well.

The seconds from the first terminal signal to the verdict are printed (`pytest -s` shows them) and recorded
(`--junitxml FILE` keeps them).
"""

import secrets
from collections.abc import Callable

import pytest
from tests.cluster.reach import connect
from tests.recordings.scenarios import FAILS, NEAR_MISSES, SCENARIOS
from tests.recordings.stage import Outcome, carry_out

from flaskship.model.snapshot import Snapshot
from flaskship.model.verdict import Outcome as Came

CONTRACT_SECONDS = 15.0

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


async def came_to(name: str, record: Callable[[str, object], None]) -> Outcome:
    cluster = connect()
    try:
        namespace = f"terminal-{name.replace('_', '-')}-{secrets.token_hex(2)}"
        outcome = await carry_out(cluster, namespace, SCENARIOS[name])
    finally:
        await cluster.close()
    assert outcome.verdict is not None, f"no verdict; last seen: {outcome.snapshots[-1]}"
    told = ", ".join(one.code for one in outcome.verdict.causes) or "no cause"
    after = outcome.verdict_at - outcome.applied_at
    record("seconds_after_the_change", round(after, 2))
    record("seconds_after_the_first_signal", round(outcome.seconds, 2))
    print(f"\n{name}: {told}, {after:.1f} s after the change, {outcome.seconds:.1f} s after the first signal")
    return outcome


@pytest.mark.parametrize("name", [one.name for one in FAILS])
async def test_a_failure_is_told_by_its_cause_in_time(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    outcome = await came_to(name, record_property)
    assert outcome.verdict is not None
    assert outcome.verdict.outcome is Came.FAILED
    assert [one.code for one in outcome.verdict.causes] == [SCENARIOS[name].code]
    assert outcome.seconds <= CONTRACT_SECONDS


@pytest.mark.parametrize("name", [one.name for one in NEAR_MISSES])
async def test_a_near_miss_comes_out_well(name: str, record_property: Callable[[str, object], None]) -> None:
    outcome = await came_to(name, record_property)
    assert outcome.verdict is not None
    assert (outcome.verdict.outcome, outcome.verdict.causes) == (Came.SUCCESSFUL, ())
    assert healthy(outcome.snapshots[-1])


def healthy(snapshot: Snapshot) -> bool:
    return all(one.complete for one in snapshot.workloads)
