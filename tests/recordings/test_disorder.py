"""Whatever order a cluster's words come in, late, twice or not at all: an unknown never becomes a success."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recordings.replay import Recording, documents, recording
from tests.recordings.scenarios import FAILS, NEAR_MISSES

from flaskship.engines.kubernetes.observing.observed import Evidence, Observed
from flaskship.engines.kubernetes.observing.snapshot import snapshot
from flaskship.engines.kubernetes.observing.store import Store
from flaskship.model.verdict import Outcome
from flaskship.verification.judge import judge

Told = tuple[str, str, dict[str, Any]]
EXAMPLES = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def successful(recorded: Recording, store: Store, now: float) -> bool:
    verdict = judge(snapshot(recorded.target, store.observed(), Evidence(), now), now)
    return verdict is not None and verdict.outcome is Outcome.SUCCESSFUL


def serves(told: list[Told], applied_at: float) -> bool:
    """Tell whether a replica of the change was seen ready, or its Job seen done."""
    return any(
        (kind == "Pod" and _is_ready(one) and _made_at(one) >= int(applied_at))
        or (kind == "Job" and (one.get("status") or {}).get("succeeded"))
        for kind, change, one in told
        if change != "DELETED"
    )


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _made_at(document: dict[str, Any]) -> float:
    from datetime import datetime

    return datetime.fromisoformat(document["metadata"]["creationTimestamp"]).timestamp()


@pytest.mark.parametrize("name", [one.name for one in FAILS])
@EXAMPLES
@given(data=st.data())
def test_a_failure_is_never_successful_in_any_order(name: str, data: st.DataObject) -> None:
    recorded, store = recording(name), Store()
    told = list(documents(recorded))
    shuffled = data.draw(st.permutations(told + told[: len(told) // 3]))
    for kind, change, one in shuffled[: data.draw(st.integers(1, len(shuffled)))]:
        if store.change(kind, change, one):
            assert not successful(recorded, store, recorded.ended)


@pytest.mark.parametrize("name", [one.name for one in NEAR_MISSES if one.name != "scaled_up"])
@EXAMPLES
@given(data=st.data())
def test_success_is_told_only_once_a_new_replica_was_seen_to_serve(name: str, data: st.DataObject) -> None:
    recorded, store = recording(name), Store()
    told = list(documents(recorded))
    shuffled: list[Told] = data.draw(st.permutations(told + told[: len(told) // 3]))
    seen: list[Told] = []
    for kind, change, one in shuffled:
        seen.append((kind, change, one))
        if store.change(kind, change, one) and successful(recorded, store, recorded.ended):
            assert serves(seen, recorded.head["applied_at"])


@pytest.mark.parametrize(
    "name", ["crash_loop", "update", "old_pod_crashes", "canary", "job_retries", "quota"]
)
@EXAMPLES
@given(data=st.data())
def test_every_order_comes_to_the_same_end(name: str, data: st.DataObject) -> None:
    told = list(documents(recording(name)))
    in_order, shuffled = Store(), Store()
    for kind, change, one in told:
        in_order.change(kind, change, one)
    for kind, change, one in data.draw(st.permutations(told + told[: len(told) // 3])):
        shuffled.change(kind, change, one)
    assert _by_uid(in_order.observed()) == _by_uid(shuffled.observed())


def _by_uid(observed: Observed) -> dict[str, Any]:
    return {
        one.metadata.uid: one for field in Observed.__dataclass_fields__ for one in getattr(observed, field)
    }
