"""What the cluster says of pods and workloads, as problems, exits and phases."""

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.engines.kubernetes.seen import NOW, at, ended, event, pod, running, waiting

from flaskship.engines.kubernetes.observing.exits import exits_of
from flaskship.engines.kubernetes.observing.missing import missing
from flaskship.engines.kubernetes.observing.observed import Evidence, LogKey, Observed
from flaskship.engines.kubernetes.observing.pods import Pod
from flaskship.engines.kubernetes.observing.problems import problem_of
from flaskship.engines.kubernetes.observing.replicas import phase_of, replica_of
from flaskship.engines.kubernetes.observing.shape import Owner, parse
from flaskship.engines.kubernetes.observing.surroundings import ExternalSecret
from flaskship.engines.kubernetes.observing.wanted import WantedLog, wanted
from flaskship.model.snapshot import KilledBy, ReplicaPhase


def exits(one, *events, lines=None):
    return exits_of(one, events, Evidence(lines or {}))


def problem(one, *events, observed=None, now=NOW):
    return problem_of(one, events, observed or Observed(), now)


@pytest.mark.parametrize(
    ("state", "last", "restarts", "count"),
    [
        (running(), None, 0, 0),
        (running(), ended(), 1, 1),
        (ended(), None, 0, 1),
        (ended(), ended(), 1, 2),
        (waiting("CrashLoopBackOff"), ended(), 1, 2),
        (waiting("CrashLoopBackOff"), ended(), 4, 5),
        (waiting("ContainerCreating"), None, 0, 0),
    ],
)
def test_every_end_is_counted_once(state, last, restarts, count):
    found = exits(pod(state, last, restarts=restarts))
    assert len(found) == count
    assert [one.code for one in found][:-1] == [None] * max(0, count - 1)


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        (1, "Error", (1, None, None)),
        (0, "Completed", (0, None, None)),
        (127, "Error", (127, None, None)),
        (137, "Error", (None, 9, None)),
        (139, "Error", (None, 11, None)),
        (137, "OOMKilled", (None, 9, KilledBy.MEMORY_LIMIT)),
        (255, "Error", (255, None, None)),
        (137, "ContainerStatusUnknown", (None, None, None)),
    ],
)
def test_an_end_has_its_code_or_its_signal(code, reason, told):
    (found,) = exits(pod(ended(code, reason)))
    assert (found.code, found.signal, found.killed_by) == told
    assert found.memory_limit == 64 << 20


@pytest.mark.parametrize(
    ("message", "when", "by"),
    [
        ("Container web failed liveness probe, will be restarted", 918.0, KilledBy.LIVENESS),
        ("Container web failed startup probe, will be restarted", 918.0, KilledBy.STARTUP),
        ("Container web failed liveness probe, will be restarted", 940.0, None),
        ("Container web failed liveness probe, will be restarted", 700.0, None),
        ("Stopping container web", 918.0, None),
    ],
)
def test_who_killed_is_told_by_what_the_kubelet_wrote_down_before(message, when, by):
    (found,) = exits(pod(ended(137)), event("Killing", message, when))
    assert found.killed_by is by


def test_the_kill_of_another_container_is_none_of_ours():
    killing = event("Killing", "Container side failed liveness probe", 918.0, container="side")
    assert exits(pod(ended(137)), killing)[0].killed_by is None


def test_an_end_has_the_lines_of_its_own_run():
    lines = {LogKey("p1", "web", 0): ("first",), LogKey("p1", "web", 1): ("second",)}
    found = exits(pod(waiting("CrashLoopBackOff"), ended(), restarts=1), lines=lines)
    assert [one.last_lines for one in found] == [(), ("second",)]


def test_an_init_container_that_was_mended_by_its_retry_ended_well():
    init = {"name": "seed", "state": ended(0, "Completed"), "lastState": ended(1), "restartCount": 1}
    assert [(one.code, one.init) for one in exits(pod(init=[init]))] == [(None, True), (0, True)]


def test_a_start_that_the_runtime_refused_is_a_problem_and_no_exit():
    message = 'OCI runtime create failed: exec: "/nope": stat /nope: no such file or directory'
    one = pod(waiting("RunContainerError", message), ended(128, "StartError", message=message))
    assert exits(one) == ()
    assert (problem(one).code, problem(one).terminal) == ("CommandNotFound", True)
    assert problem(pod(running(), ended(128, "StartError", message=message), restarts=1)) is None


@pytest.mark.parametrize(
    ("reason", "message", "code", "terminal"),
    [
        ("ErrImagePull", "manifest for demo:2 not found", "ImagePullFailed", True),
        ("ErrImagePull", "pull access denied", "ImagePullFailed", True),
        ("ErrImagePull", "dial tcp: i/o timeout", "ImagePullFailed", False),
        ("ImagePullBackOff", 'Back-off pulling image "demo:2"', "ImagePullFailed", True),
        ("InvalidImageName", "couldn't parse image name", "ImagePullFailed", True),
        ("ErrImageNeverPull", "not present with pull policy of Never", "ImagePullFailed", True),
        ("CreateContainerConfigError", 'secret "a" not found', "SecretMissing", True),
        ("CreateContainerConfigError", 'configmap "a" not found', "ConfigMapMissing", True),
        ("CreateContainerConfigError", "couldn't find key k in Secret ns/a", "KeyMissing", True),
        (
            "CreateContainerConfigError",
            "container has runAsNonRoot and image will run as root",
            "StartFailed",
            True,
        ),
        ("CreateContainerError", "context deadline exceeded", "StartFailed", False),
        ("RunContainerError", "exec format error", "NotExecutable", True),
        ("PostStartHookError", "it said no", "StartFailed", False),
    ],
)
def test_why_a_container_waits(reason, message, code, terminal):
    found = problem(pod(waiting(reason, message)))
    assert (found.code, found.terminal) == (code, terminal)


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", "CrashLoopBackOff", ""])
def test_a_container_that_is_only_being_made_has_no_problem(reason):
    assert problem(pod(waiting(reason))) is None


def test_a_pod_that_was_told_to_end_has_no_problem():
    one = pod(waiting("ErrImagePull", "not found"))
    gone = parse(Pod, {"metadata": {"name": "web-1", "uid": "p1", "deletionTimestamp": at(990)}})
    assert problem(gone) is None
    assert problem(one) is not None


def external(*, ready=None, reason="", target="database-secret"):
    conditions = (
        []
        if ready is None
        else [
            {
                "type": "Ready",
                "status": "True" if ready else "False",
                "reason": reason,
                "message": "no access",
            }
        ]
    )
    return parse(
        ExternalSecret,
        {
            "metadata": {"name": "database"},
            "spec": {"target": {"name": target}},
            "status": {"conditions": conditions},
        },
    )


@pytest.mark.parametrize(
    "secret", [external(), external(ready=True), external(ready=False, reason="SecretSyncedError")]
)
def test_a_secret_that_an_external_secret_brings_is_waited_for(secret):
    found = missing('secret "database-secret" not found', (secret,))
    assert (found.code, found.terminal) == ("SecretMissing", False)
    assert "ExternalSecret database" in found.message


def test_what_keeps_an_external_secret_is_told():
    found = missing(
        'secret "database-secret" not found', (external(ready=False, reason="SecretSyncedError"),)
    )
    assert "SecretSyncedError: no access" in found.message


def test_an_external_secret_of_another_name_brings_nothing():
    assert missing('secret "database-secret" not found', (external(target="other"),)).terminal


def unscheduled(since=980.0, message="0/3 nodes are available: 3 Insufficient cpu."):
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": at(since),
    }
    return pod(phase="Pending", conditions=[condition], containerStatuses=[])


@pytest.mark.parametrize(("since", "terminal"), [(985.0, True), (995.0, False)])
def test_a_pod_without_a_node_fails_when_it_has_stood_for_a_while(since, terminal):
    found = problem(unscheduled(since))
    assert (found.code, found.terminal, found.field) == ("Unschedulable", terminal, "resources.requests")


@pytest.mark.parametrize(("selector", "field"), [({"disk": "moon"}, "nodeSelector"), ({}, "affinity")])
def test_of_two_fields_with_the_same_words_the_one_that_the_pod_has_is_named(selector, field):
    words = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    given = unscheduled(message=words)
    given = msgspec.structs.replace(given, spec=msgspec.structs.replace(given.spec, node_selector=selector))
    assert problem(given).field == field


def test_a_pod_for_which_a_node_is_being_added_is_waited_for():
    assert not problem(unscheduled(900.0), event("TriggeredScaleUp", "pod triggered scale-up")).terminal


@pytest.mark.parametrize(
    ("message", "count", "first", "code", "terminal"),
    [
        ('MountVolume.SetUp failed for volume "d": disk is broken', 5, 950.0, "VolumeMountFailed", True),
        ('MountVolume.SetUp failed for volume "d": disk is broken', 2, 950.0, "VolumeMountFailed", False),
        ('MountVolume.SetUp failed for volume "d": disk is broken', 5, 995.0, "VolumeMountFailed", False),
        ("Multi-Attach error for volume d", 9, 900.0, "VolumeMountFailed", False),
        ('MountVolume.SetUp failed: configmap "flags" not found', 5, 950.0, "ConfigMapMissing", True),
        ("MountVolume.SetUp failed: references non-existent secret key: ca", 5, 950.0, "KeyMissing", True),
        ("failed to sync configmap cache: timed out waiting for the condition", 9, 900.0, None, None),
    ],
)
def test_a_volume_that_does_not_come(message, count, first, code, terminal):
    failed = event("FailedMount", message, 999.0, first=first, count=count)
    found = problem(pod(waiting("ContainerCreating")), failed)
    assert (found and found.code, found and found.terminal) == (code, terminal)


def test_a_volume_that_came_at_last_is_forgotten():
    failed = event("FailedMount", "disk is broken", 999.0, first=900.0, count=9)
    assert problem(pod(running()), failed) is None


@pytest.mark.parametrize(
    ("one", "phase"),
    [
        (pod(running(), ready=True), ReplicaPhase.READY),
        (pod(running(), ready=False), ReplicaPhase.RUNNING),
        (pod(waiting("CrashLoopBackOff"), ended(), restarts=1, ready=False), ReplicaPhase.BACK_OFF),
        (pod(waiting("ContainerCreating")), ReplicaPhase.PENDING),
        (pod(init=[{"name": "seed", "state": running()}]), ReplicaPhase.INITIALIZING),
        (pod(phase="Failed"), ReplicaPhase.FAILED),
        (pod(phase="Succeeded"), ReplicaPhase.SUCCEEDED),
    ],
)
def test_one_word_for_where_a_pod_is(one, phase):
    assert phase_of(one) is phase


def test_an_init_container_that_runs_is_named_with_its_own_lines():
    one = pod(waiting("PodInitializing"), init=[{"name": "migrate", "state": running(), "restartCount": 1}])
    lines = {LogKey("p1", "migrate", 1): ("cannot be reached",), LogKey("p1", "web", 0): ("other",)}
    found = replica_of(one, Observed(), Evidence(lines), NOW, current=True)
    assert (found.initializing, found.last_lines) == ("migrate", ("cannot be reached",))
    after = pod(running(), init=[{"name": "migrate", "state": ended(0, "Completed")}])
    found = replica_of(after, Observed(), Evidence(lines), NOW, current=True)
    assert (found.initializing, found.last_lines) == (None, ("other",))


def test_the_lines_of_an_init_container_that_runs_are_asked_for():
    one = pod(waiting("PodInitializing"), init=[{"name": "migrate", "state": running()}])
    owned = replace(one.metadata, owner_references=(Owner(uid="r1"),))
    (want,) = wanted(Observed(pods=(replace(one, metadata=owned),)), 0.0)
    assert want == WantedLog(LogKey("p1", "migrate", 0), "web-1", "migrate", previous=False, ended=False)


def test_the_lines_of_a_run_that_failed_are_asked_for_though_its_pod_is_ready_again():
    one = pod(running(), ready=True, restarts=1, last=ended(3, "Error"))
    owned = replace(one, metadata=replace(one.metadata, owner_references=(Owner(uid="r1"),)))
    assert [want.key for want in wanted(Observed(pods=(owned,)), 0.0)] == [LogKey("p1", "web", 0)]
