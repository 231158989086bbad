"""Every recording comes to the verdict that its scenario says, in time, with what was recorded alone."""

import pytest
from tests.recordings.replay import names, play, recording
from tests.recordings.scenarios import FAILS, NEAR_MISSES, SCENARIOS

from flaskship.model.verdict import Outcome

CONTRACT_SECONDS = 15.0


@pytest.mark.parametrize("name", [one.name for one in FAILS])
def test_a_failure_is_told_by_its_cause_within_the_contract(name: str) -> None:
    recorded = recording(name)
    played = play(recorded)
    assert played.verdict is not None, "no verdict"
    assert played.verdict.outcome is Outcome.FAILED
    assert [one.code for one in played.verdict.causes] == [SCENARIOS[name].code]
    assert played.verdict_at - recorded.head["signal_at"] <= CONTRACT_SECONDS


FIELDS = {
    "quota": "replicas",
    "quota_of_memory": "resources.limits.memory",
    "quota_unsaid": "resources.limits.cpu",
    "pod_security": "containers[web].securityContext.allowPrivilegeEscalation",
    "pod_security_of_another": "containers[seed].securityContext.capabilities.drop",
    "pod_security_of_a_volume": "volumes",
    "crash_loop": "env.REMINDERS_KEY",
    "module_missing": "command",
}


@pytest.mark.parametrize(("name", "field"), FIELDS.items())
def test_a_failure_names_the_field_that_makes_it(name: str, field: str) -> None:
    played = play(recording(name))
    assert played.verdict is not None
    assert [one.field for one in played.verdict.causes] == [field]


@pytest.mark.parametrize("name", [one.name for one in NEAR_MISSES])
def test_a_near_miss_is_a_success(name: str) -> None:
    played = play(recording(name))
    assert played.verdict is not None, "no verdict"
    assert (played.verdict.outcome, played.verdict.causes) == (Outcome.SUCCESSFUL, ())


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_nothing_is_successful_before_the_new_replicas_serve(name: str) -> None:
    for snapshot in play(recording(name)).snapshots[:-1]:
        assert not all(one.complete for one in snapshot.workloads)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_what_ran_before_is_never_of_the_new_revision(name: str) -> None:
    recorded = recording(name)
    for snapshot in play(recorded).snapshots:
        for workload in snapshot.workloads:
            for replica in workload.replicas:
                old = replica.created_at < int(recorded.head["applied_at"])
                assert not (old and replica.current and workload.name not in KEEPS_ITS_TEMPLATE.get(name, ()))


KEEPS_ITS_TEMPLATE = {"scaled_up": ("web",), "quota": ("web",), "rollout_invalid": ("web",)}


def test_every_scenario_is_recorded_and_nothing_else() -> None:
    assert names() == sorted(SCENARIOS)
