"""Rollouts: what is applied comes to run, what fails leaves what ran before."""

from collections.abc import Iterator

from tests.contract.harness import Harness, annotated, complete, uids

from flaskship.model.snapshot import Phase, ProbeFailure, ReplicaSnapshot, Snapshot


async def test_what_is_applied_becomes_healthy(harness: Harness) -> None:
    engine = harness.engine()
    snapshot = await harness.succeed(engine, harness.release(*harness.web(replicas=2)))
    workload = snapshot.workloads[0]
    assert (workload.name, workload.application, workload.kind) == ("web", "web", "Deployment")
    assert (workload.desired, workload.ready, workload.updated, workload.available) == (2, 2, 2, 2)
    assert workload.phase is Phase.HEALTHY
    assert snapshot.phase is Phase.HEALTHY
    assert workload.image == harness.image
    assert workload.endpoints
    assert len({replica.name for replica in workload.replicas}) == 2
    for replica in workload.replicas:
        assert replica.current
        assert replica.ready
        assert replica.was_ready
        assert replica.started_at is not None
        assert replica.started_at <= snapshot.at


async def test_a_new_template_replaces_every_replica_and_never_leaves_a_gap(harness: Harness) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web()))
    await harness.apply(engine, harness.release(*harness.web(env={"COLOUR": "red"})))
    lowest = []

    def done(snapshot: object) -> bool:
        lowest.append(snapshot.workloads[0].ready)  # type: ignore[attr-defined]
        return complete(snapshot)  # type: ignore[arg-type]

    after = await harness.until(engine, done)
    assert min(lowest) >= 1
    assert not uids(before) & uids(after)
    assert before.workloads[0].template != after.workloads[0].template


async def test_a_change_outside_the_template_restarts_nothing(harness: Harness) -> None:
    engine = harness.engine()
    workload, service = harness.web()
    before = await harness.succeed(engine, harness.release(workload, service))
    after = await harness.succeed(engine, harness.release(annotated(workload, colour="red"), service))
    assert uids(before) == uids(after)
    assert after.release is not None
    assert after.release.revision == 2


async def test_more_replicas_keep_those_that_run(harness: Harness) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web()))
    after = await harness.succeed(engine, harness.release(*harness.web(replicas=3)))
    assert uids(before) < uids(after)
    assert len(uids(after)) == 3


async def test_a_workload_that_is_gone_from_the_release_is_stopped(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web("web"), *harness.web("worker")))
    await harness.apply(engine, harness.release(*harness.web("web")))
    after = await harness.until(engine, lambda snapshot: [one.name for one in snapshot.workloads] == ["web"])
    assert after.workloads[0].ready == 1


async def test_what_exits_at_once_shows_its_exits_and_leaves_the_old_replica_serving(
    harness: Harness,
) -> None:
    engine = harness.engine()
    before = await harness.succeed(engine, harness.release(*harness.web()))
    await harness.apply(engine, harness.release(*harness.web(command=["/bin/false"])))
    failing = await harness.until(
        engine, lambda now: any(len(one.exits) > 1 for one in now.workloads[0].replicas if one.current)
    )
    workload = failing.workloads[0]
    broken = next(one for one in workload.replicas if one.current)
    assert broken.exits[-1].code == 1
    assert not broken.ready
    assert not workload.complete
    assert {one.uid for one in workload.replicas if one.ready} == uids(before)


async def test_what_never_becomes_ready_shows_the_probe_that_fails(harness: Harness) -> None:
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web(ready_path="/never", deadline=5)))
    # Before the server listens, the answer is a refused connection.
    waiting = await harness.until(engine, lambda now: any("503" in probe.answer for probe in _probes(now)))
    failure = next(_probes(waiting))
    assert failure.probe == "readiness"
    assert "/never" in failure.request
    assert "503" in failure.answer
    assert waiting.workloads[0].progress_deadline == 5
    assert waiting.workloads[0].ready == 0


async def test_an_old_release_can_be_applied_again(harness: Harness) -> None:
    engine = harness.engine()
    first = await harness.succeed(engine, harness.release(*harness.web()))
    await harness.succeed(engine, harness.release(*harness.web(env={"COLOUR": "red"})))
    again = await harness.succeed(engine, await engine.recall("dev", 1))
    assert again.release is not None
    assert again.release.revision == 3
    assert again.workloads[0].template == first.workloads[0].template


async def test_environments_run_beside_each_other(harness: Harness) -> None:
    engine = harness.engine()
    await harness.succeed(engine, harness.release(*harness.web()))
    await harness.succeed(engine, harness.release(*harness.web(), environment="staging"))
    dev, staging = await engine.observe("dev"), await engine.observe("staging")
    assert dev.phase is staging.phase is Phase.HEALTHY
    assert not uids(dev) & uids(staging)


async def test_a_stream_begins_at_once_and_goes_on_at_least_every_second(harness: Harness) -> None:
    engine = harness.engine()
    await harness.apply(engine, harness.release(*harness.web()))
    times: list[float] = []

    def enough(snapshot: object) -> bool:
        times.append(snapshot.at)  # type: ignore[attr-defined]
        return times[-1] - times[0] > 3

    await harness.until(engine, enough)
    assert len(times) >= 4


async def test_what_runs_goes_on_when_its_engine_is_closed(harness: Harness) -> None:
    first = harness.engine()
    before = await harness.succeed(first, harness.release(*harness.web()))
    await first.close()
    assert uids(await harness.engine().observe("dev")) == uids(before)


def _replicas(snapshot: Snapshot) -> tuple[ReplicaSnapshot, ...]:
    return snapshot.workloads[0].replicas


def _probes(snapshot: Snapshot) -> Iterator[ProbeFailure]:
    return (probe for replica in _replicas(snapshot) for probe in replica.probes)
