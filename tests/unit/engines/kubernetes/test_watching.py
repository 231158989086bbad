"""The watcher over a source whose every word and failure is scripted; time is virtual."""

import asyncio
from collections import defaultdict
from contextlib import aclosing
from itertools import pairwise

import pytest
from tests.recordings.replay import run

from flaskship.engines.kubernetes.client import Change, Listed
from flaskship.engines.kubernetes.failures import (
    ExpiredError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
)
from flaskship.engines.kubernetes.observing.observed import Target
from flaskship.engines.kubernetes.watching import GIVE_UP_SECONDS, Watcher
from flaskship.model.snapshot import Phase, ReleaseState
from flaskship.verification.judge import judge

RELEASE = ReleaseState("dev-apps", 2, 1, None, 100.0)
OWNER = {"controller": True, "kind": "Deployment", "name": "web", "uid": "d1"}


def deployment(version="10", *, generation=2, seen=2, updated=1, available=1, replicas=1):
    return {
        "metadata": {
            "name": "web",
            "uid": "d1",
            "generation": generation,
            "resourceVersion": version,
            "labels": {"app.kubernetes.io/instance": "dev-apps"},
        },
        "spec": {"replicas": 1},
        "status": {
            "observedGeneration": seen,
            "replicas": replicas,
            "updatedReplicas": updated,
            "readyReplicas": available,
            "availableReplicas": available,
        },
    }


def replica_set(name="web-new", revision="2"):
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "resourceVersion": "3",
            "labels": {"pod-template-hash": name},
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [OWNER],
        }
    }


def pod(name="web-new-1", *, of="web-new", ready=True, version="20"):
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "resourceVersion": version,
            "creationTimestamp": "1970-01-01T00:01:50Z",
            "labels": {"pod-template-hash": of},
            "ownerReferences": [{"controller": True, "kind": "ReplicaSet", "name": of, "uid": of}],
        },
        "spec": {"containers": [{"name": "web", "image": "demo:1"}]},
        "status": {
            "phase": "Running",
            "startTime": "1970-01-01T00:01:50Z",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


class Script:
    """A source: lists by kind, and for each watch of a kind the next of its acts."""

    def __init__(self, **lists):
        self.lists = defaultdict(list, {kind: list(items) for kind, items in lists.items()})
        self.acts = defaultdict(list)
        self.listed = defaultdict(int)
        self.watched = defaultdict(list)
        self.refused = {}
        self.later = {}
        self.open = 0

    async def list(self, resource, namespace=None, *, labels="", fields=""):
        self.listed[resource.kind] += 1
        if resource.kind in self.refused:
            raise self.refused[resource.kind]
        if resource.kind in self.later and self.listed[resource.kind] > 1:
            raise self.later[resource.kind]
        return Listed(tuple(self.lists[resource.kind]), "100")

    async def watch(self, resource, namespace, resource_version, *, labels="", fields="", seconds=300):
        self.watched[resource.kind].append(resource_version)
        self.open += 1
        try:
            acts = self.acts[resource.kind].pop(0) if self.acts[resource.kind] else [3600.0]
            for act in acts:
                if isinstance(act, Exception):
                    raise act
                if isinstance(act, float):
                    await asyncio.sleep(act)
                else:
                    yield act
        finally:
            self.open -= 1

    def gone_from_now_on(self, *kinds, why="gone"):
        """The first watch of these kinds breaks, and nothing is answered any more."""
        for kind in kinds:
            self.acts[kind] = [[0.5, UnreachableError(why)], *([UnreachableError(why)] for _ in range(2000))]
            self.later[kind] = UnreachableError(why)

    async def lines(self, want, count):
        return ()

    async def answer(self, want):
        return None


def complete():
    return Script(Deployment=[deployment()], ReplicaSet=[replica_set()], Pod=[pod()])


def follow(script, seconds, target=None, finds=None):
    """Return the snapshots of so many seconds, with their times."""

    async def story():
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def find():
            if finds is not None:
                finds.append(loop.time())
            return target or Target("dev", "ns", "dev-apps", RELEASE)

        watcher = Watcher(script, script, "ns", clock=lambda: 200.0 + loop.time(), jitter=lambda: 0.5)
        taken = []
        async with aclosing(watcher.follow(find)) as snapshots:
            async for snapshot in snapshots:
                taken.append((loop.time() - begun, snapshot))
                if loop.time() - begun >= seconds:
                    break
        await asyncio.sleep(0)
        return taken

    return run(story())


def test_a_snapshot_comes_at_once_and_then_at_least_every_second():
    times = [at for at, _ in follow(complete(), 5)]
    assert times[0] < 0.01
    assert all(later - earlier <= 1.1 for earlier, later in pairwise(times))
    assert len(times) <= 7


def test_a_change_is_seen_at_once_and_many_together_are_one_snapshot():
    script = complete()
    changes = [Change("MODIFIED", pod(ready=False, version=str(30 + number))) for number in range(50)]
    script.acts["Pod"] = [[0.3, *changes, 3600.0]]
    taken = follow(script, 0.9)
    seen = [round(at, 1) for at, one in taken if not one.workloads[0].replicas[0].ready]
    assert seen[0] == pytest.approx(0.35, abs=0.06)
    assert len(taken) <= 4


def test_an_expired_version_is_listed_again():
    script = complete()
    script.acts["Pod"] = [[0.2, ExpiredError("too old")]]
    assert judge(follow(script, 2)[-1][1], 202.0) is not None
    assert script.listed["Pod"] == 2
    assert script.listed["Deployment"] == 1


def test_a_broken_watch_goes_on_from_where_it_was():
    script = complete()
    bookmark = Change("BOOKMARK", {"metadata": {"resourceVersion": "140"}})
    script.acts["Pod"] = [[bookmark, UnreachableError("gone")]]
    follow(script, 3)
    assert script.watched["Pod"] == ["100", "140"]
    assert script.listed["Pod"] == 1


def test_a_watch_that_the_server_ends_is_asked_for_anew_without_a_list():
    script = complete()
    script.acts["Pod"] = [[Change("MODIFIED", pod(version="150")), 1.0], [1.0]]
    follow(script, 3)
    assert script.watched["Pod"][:2] == ["100", "150"]
    assert script.listed["Pod"] == 1


def test_what_was_lost_is_found_again_by_a_list_even_where_the_watch_is_silent():
    script = complete()
    script.acts["Pod"] = [[UnreachableError("gone")]] * 4
    taken = follow(script, 30)
    assert not taken[-1][1].notes
    assert taken[-1][1].workloads[0].complete


def test_a_server_that_stays_away_is_asked_ever_more_rarely():
    script = complete()
    script.acts["Pod"] = [[UnreachableError("gone")]] * 1000
    script.lists["Pod"] = []
    follow(script, 60)
    assert len(script.watched["Pod"]) < 20


def test_while_nothing_is_seen_nothing_is_complete_and_no_deadline_runs():
    script = Script(
        Deployment=[deployment(updated=0, replicas=1)], ReplicaSet=[replica_set()], Pod=[pod(ready=False)]
    )
    script.gone_from_now_on("Deployment", "Pod", why="the network is gone")
    taken = follow(script, 280)
    assert "the network is gone" in taken[-1][1].notes[-1]
    assert all(judge(one, 200.0 + at) is None for at, one in taken)


def test_a_success_that_is_only_remembered_is_none():
    script = complete()
    script.gone_from_now_on("Deployment")
    taken = follow(script, 20)
    assert taken[0][1].workloads[0].complete
    assert not taken[-1][1].workloads[0].complete
    assert judge(taken[-1][1], 220.0) is None


def test_a_cluster_that_stays_away_ends_the_stream():
    script = complete()
    script.gone_from_now_on("Deployment")
    taken = follow(script, 10 * GIVE_UP_SECONDS)
    assert GIVE_UP_SECONDS <= taken[-1][0] < GIVE_UP_SECONDS + 30


def test_kinds_that_a_cluster_lacks_or_forbids_are_done_without():
    script = complete()
    script.refused = {"Rollout": NotFoundError("no such kind"), "Ingress": ForbiddenError("not you")}
    assert judge(follow(script, 1)[-1][1], 201.0) is not None
    assert script.watched["Rollout"] == []


def test_a_kind_without_which_nothing_can_be_said_is_an_error():
    script = complete()
    script.refused = {"Pod": ForbiddenError("you may not list pods")}
    with pytest.raises(ForbiddenError, match="may not list"):
        follow(script, 1)


def test_everything_is_let_go_at_the_end():
    script = complete()
    follow(script, 1)
    assert script.open == 0


def test_a_release_that_helm_writes_is_looked_up_again():
    script, finds = complete(), []
    script.acts["Secret"] = [[1.5, Change("MODIFIED", {"metadata": {"resourceVersion": "101"}}), 3600.0]]
    follow(script, 3, finds=finds)
    assert finds[-1] == pytest.approx(1.55, abs=0.06)
    assert len(finds) == 3


def test_a_release_that_is_still_being_written_is_not_complete():
    unsettled = Target("dev", "ns", "dev-apps", RELEASE, settled=False)
    assert judge(follow(complete(), 1, unsettled)[-1][1], 201.0) is None


def test_a_workload_that_the_manifest_has_and_the_cluster_lacks_is_told_as_missing():
    target = Target("dev", "ns", "dev-apps", RELEASE, (("Deployment", "web"), ("Deployment", "worker")))
    snapshot = follow(complete(), 1, target)[-1][1]
    verdict = judge(snapshot, 201.0)
    assert [one.code for one in verdict.causes] == ["WorkloadMissing"]
    assert [(one.name, one.phase) for one in snapshot.workloads] == [
        ("web", Phase.HEALTHY),
        ("worker", Phase.DEGRADED),
    ]


@pytest.mark.parametrize(
    "unknown",
    [
        deployment(seen=1),
        deployment(updated=0),
        deployment(available=0),
        deployment(replicas=2),
        {**deployment(), "status": {}},
    ],
    ids=["not seen by its controller", "not updated", "not available", "an old one left", "no status"],
)
def test_what_is_not_known_to_be_complete_is_not(unknown):
    script = Script(Deployment=[unknown], ReplicaSet=[replica_set()], Pod=[pod()])
    assert judge(follow(script, 1)[-1][1], 201.0) is None


@pytest.mark.parametrize(
    "pods",
    [(), (pod(ready=False),), (pod(), pod("web-old-1", of="web-old"))],
    ids=["none", "not ready", "old"],
)
def test_a_status_that_the_pods_do_not_bear_out_is_not_believed(pods):
    script = Script(
        Deployment=[deployment()], ReplicaSet=[replica_set(), replica_set("web-old", "1")], Pod=pods
    )
    assert judge(follow(script, 1)[-1][1], 201.0) is None


def test_a_namespace_without_the_release_has_no_workloads():
    snapshot = follow(complete(), 0, Target("dev", "ns", "other-apps"))[0][1]
    assert (snapshot.workloads, snapshot.phase, snapshot.release) == ((), Phase.STOPPED, None)


def test_one_look_lists_every_kind_once_and_watches_nothing():
    script = complete()

    async def story():
        async def find():
            return Target("dev", "ns", "dev-apps", RELEASE)

        return await Watcher(script, script, "ns", clock=lambda: 200.0).observe(find)

    assert run(story()).workloads[0].complete
    assert set(script.listed.values()) == {1}
    assert not script.watched


def kept(script, between=None):
    """Follow twice with one watcher that keeps what it watches; the last snapshot of each."""

    async def story():
        loop = asyncio.get_running_loop()

        async def find():
            return Target("dev", "ns", "dev-apps", RELEASE)

        watcher = Watcher(
            script, script, "ns", clock=lambda: 200.0 + loop.time(), jitter=lambda: 0.5, keeps=True
        )
        last = []
        for _ in range(2):
            async with aclosing(watcher.follow(find)) as snapshots:
                until = loop.time() + 1.5
                async for snapshot in snapshots:
                    if loop.time() >= until:
                        last.append(snapshot)
                        break
            if between is not None and len(last) == 1:
                await between(watcher)
        await watcher.close()
        await asyncio.sleep(0)
        return last

    return run(story())


def test_who_follows_again_goes_on_with_what_is_watched_and_has_all_that_came_between():
    script = complete()
    script.acts["Pod"] = [[3.0, Change("MODIFIED", pod(ready=False, version="30")), 3600.0]]
    first, second = kept(script, lambda _: asyncio.sleep(4))
    assert first.workloads[0].replicas[0].ready
    assert not second.workloads[0].replicas[0].ready, "it changed while nobody followed"
    assert script.listed["Pod"] == 1
    assert script.open == 0


def test_after_a_write_of_ours_everything_is_listed_anew():
    script = complete()
    kept(script, lambda watcher: watcher.close())
    assert script.listed["Pod"] == 2
    assert script.open == 0


def test_a_watch_that_has_ended_is_not_gone_on_with():
    script = complete()
    script.acts["Rollout"] = [[3.0, ValueError("a fault of ours"), 3600.0]]
    kept(script, lambda _: asyncio.sleep(4))
    assert script.listed["Pod"] == 2
    assert script.open == 0


def test_of_events_only_those_that_tell_of_trouble_are_asked_for():
    script, asked = complete(), []
    plain = script.list

    async def asking(resource, namespace=None, *, labels="", fields=""):
        asked.append((resource.kind, fields))
        return await plain(resource, namespace, labels=labels, fields=fields)

    script.list = asking
    follow(script, 0.1)
    fields = dict(asked)
    assert "reason!=Scheduled" in fields["Event"]
    assert not {"Killing", "SuccessfulDelete", "TriggeredScaleUp", "Unhealthy"} & set(
        fields["Event"].replace("reason!=", "").split(",")
    ), "causes are told by these"
    assert fields["Pod"] == ""
