"""Probes that fail, judged from what each engine shows: what ends a rollout, and what is waited for."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.contract.harness import Harness, complete

from flaskship.model.snapshot import ProbeFailure, Snapshot
from flaskship.model.verdict import Cause, Outcome
from flaskship.verification.judge import judge

LONG = 300
"""A deadline that no test waits for: what ends before it ended at a threshold."""


def failing(snapshot: Snapshot, kind: str) -> tuple[ProbeFailure, ...]:
    return tuple(
        probe
        for workload in snapshot.workloads
        for replica in workload.replicas
        for probe in replica.probes
        if probe.probe == kind
    )


async def ended(harness: Harness, **options: Any) -> tuple[Snapshot, Cause]:
    """Apply it, and return the snapshot that ends its rollout with the one cause."""
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web(deadline=LONG, **options)))
    snapshot = await harness.until(engine, lambda now: judge(now, now.at) is not None)
    verdict = judge(snapshot, snapshot.at)
    assert verdict is not None
    assert verdict.outcome is Outcome.FAILED, verdict
    (cause,) = verdict.causes
    return snapshot, cause


async def held(harness: Harness, until: Callable[[Snapshot], bool], **options: Any) -> Snapshot:
    """Apply it, and return the snapshot in which that holds; none before it may have a verdict."""
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web(deadline=LONG, **options)))

    def done(now: Snapshot) -> bool:
        assert complete(now) or judge(now, now.at) is None
        return until(now)

    return await harness.until(engine, done)


async def test_readiness_that_is_answered_404_ends_a_rollout_at_its_threshold(harness: Harness) -> None:
    snapshot, cause = await ended(harness, ready_path="/nowhere")
    assert (cause.code, cause.field) == ("ReadinessFailed", "probes.readiness")
    assert "404" in cause.message
    (probe,) = failing(snapshot, "readiness")
    assert (probe.status, probe.threshold) == (404, 3)
    assert probe.alike >= 3
    assert not probe.after_startup


async def test_readiness_that_is_answered_503_ends_it_there_once_it_has_started(harness: Harness) -> None:
    snapshot, cause = await ended(harness, ready_path="/never", started_path="/started")
    assert (cause.code, cause.field) == ("ReadinessFailed", "probes.readiness")
    assert "503" in cause.message
    assert "raise its failureThreshold (3)" in cause.message
    (probe,) = failing(snapshot, "readiness")
    assert probe.after_startup
    assert probe.consecutive >= 3


async def test_without_a_startup_probe_503_is_waited_for_beyond_the_threshold(harness: Harness) -> None:
    await held(
        harness,
        lambda now: any(one.consecutive >= 6 and one.status == 503 for one in failing(now, "readiness")),
        ready_path="/never",
    )


@pytest.mark.needs("startup")
async def test_before_the_startup_probe_has_succeeded_readiness_is_not_asked(harness: Harness) -> None:
    def asked(now: Snapshot) -> bool:
        assert not failing(now, "readiness")
        return any("503" in one.answer for one in failing(now, "startup"))

    await held(harness, asked, ready_path="/nowhere", started_path="/never")


async def test_liveness_of_what_is_ready_that_is_answered_404_ends_it_at_the_first(
    harness: Harness,
) -> None:
    liveness = {"httpGet": {"path": "/nowhere", "port": 5000}, "periodSeconds": 5, "failureThreshold": 6}
    # Not available before the probe was asked: else the rollout is complete, and the second look tells.
    snapshot, cause = await ended(harness, liveness=liveness, started_path="/started", min_ready=20)
    assert (cause.code, cause.field) == ("LivenessFailed", "probes.liveness")
    assert "failed once: GET" in cause.message
    assert "After 6 times in a row the container would have been restarted" in cause.message
    (probe,) = failing(snapshot, "liveness")
    assert (probe.consecutive, probe.threshold, probe.status) == (1, 6, 404)
    assert snapshot.workloads[0].replicas[0].exits == ()


async def test_liveness_of_what_is_ready_that_is_answered_503_is_waited_for(harness: Harness) -> None:
    liveness = {"httpGet": {"path": "/never", "port": 5000}, "periodSeconds": 1, "failureThreshold": 60}
    seen = await held(
        harness,
        lambda now: any(one.consecutive >= 3 for one in failing(now, "liveness")),
        liveness=liveness,
        started_path="/started",
    )
    assert seen.workloads[0].replicas[0].ready
