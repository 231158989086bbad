"""What the cluster says of pods and workloads, as problems, exits, probes and addresses."""

import pytest

from flaskship.engines.kubernetes.observing.endpoints import endpoints_of
from flaskship.engines.kubernetes.observing.exits import exits_of
from flaskship.engines.kubernetes.observing.missing import missing
from flaskship.engines.kubernetes.observing.observed import Evidence, LogKey, Observed, Target
from flaskship.engines.kubernetes.observing.pods import Pod, Template
from flaskship.engines.kubernetes.observing.probes import failures_of
from flaskship.engines.kubernetes.observing.problems import problem_of
from flaskship.engines.kubernetes.observing.progress import progressed_at
from flaskship.engines.kubernetes.observing.refusals import named
from flaskship.engines.kubernetes.observing.replicas import phase_of
from flaskship.engines.kubernetes.observing.shape import parse
from flaskship.engines.kubernetes.observing.snapshot import snapshot
from flaskship.engines.kubernetes.observing.surroundings import Event, ExternalSecret, Ingress, Service
from flaskship.engines.kubernetes.observing.workloads import DaemonSet, StatefulSet
from flaskship.model.snapshot import KilledBy, ReleaseState, ReplicaPhase

NOW = 1000.0


def at(seconds):
    minutes, rest = divmod(seconds, 60)
    return f"1970-01-01T00:{int(minutes):02}:{rest:06.3f}Z"


def pod(state=None, last=None, *, restarts=0, ready=None, since=905.0, init=(), **status):
    """A pod with one container, started at 900."""
    conditions = (
        []
        if ready is None
        else [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": at(since)}]
    )
    container = {
        "name": "web",
        "image": "demo:1",
        "ports": [{"name": "http", "containerPort": 5000}],
        "resources": {"limits": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 5000}, "failureThreshold": 2},
    }
    return parse(
        Pod,
        {
            "metadata": {"name": "web-1", "uid": "p1", "creationTimestamp": at(900)},
            "spec": {"containers": [container], "initContainers": [{"name": one["name"]} for one in init]},
            "status": {
                "phase": "Running",
                "startTime": at(900),
                "podIP": "10.0.0.7",
                "conditions": conditions,
                "initContainerStatuses": list(init),
                "containerStatuses": [
                    {
                        "name": "web",
                        "state": state or {},
                        "lastState": last or {},
                        "restartCount": restarts,
                        "started": "running" in (state or {}),
                    }
                ],
            }
            | status,
        },
    )


def ended(code=1, reason="Error", start=910.0, end=920.0, message=""):
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": at(start),
            "finishedAt": at(end),
            "message": message,
        }
    }


def running(since=930.0):
    return {"running": {"startedAt": at(since)}}


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


def event(reason, message, when=921.0, *, first=None, count=1, container="web"):
    return parse(
        Event,
        {
            "involvedObject": {"uid": "p1", "fieldPath": f"spec.containers{{{container}}}"},
            "reason": reason,
            "message": message,
            "count": count,
            "firstTimestamp": at(when if first is None else first),
            "lastTimestamp": at(when),
        },
    )


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


def unscheduled(since=980.0):
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.",
        "lastTransitionTime": at(since),
    }
    return pod(phase="Pending", conditions=[condition], containerStatuses=[])


@pytest.mark.parametrize(("since", "terminal"), [(985.0, True), (995.0, False)])
def test_a_pod_without_a_node_fails_when_it_has_stood_for_a_while(since, terminal):
    found = problem(unscheduled(since))
    assert (found.code, found.terminal, found.field) == ("Unschedulable", terminal, "resources.requests")


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
    ("message", "code", "ours", "stood", "terminal"),
    [
        (
            "exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2",
            "QuotaExceeded",
            1,
            1,
            True,
        ),
        (
            "exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2",
            "QuotaExceeded",
            1,
            0,
            False,
        ),
        (
            "exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2",
            "QuotaExceeded",
            0,
            1,
            False,
        ),
        ("failed quota: cpu: must specify limits.cpu for: web", "QuotaExceeded", 1, 1, True),
        ('violates PodSecurity "restricted:latest": privileged', "PodSecurityViolated", 1, 0, True),
        ('admission webhook "policy.example" denied the request: no latest', "AdmissionDenied", 1, 0, True),
        ("ValidatingAdmissionPolicy 'a' with binding 'b' denied request: no", "AdmissionDenied", 1, 0, True),
        ("maximum memory usage per Container is 1Gi, but limit is 2Gi", "AdmissionDenied", 1, 0, True),
        (
            'error looking up service account a/b: serviceaccount "b" not found',
            "PodCreationFailed",
            1,
            1,
            True,
        ),
        ('failed calling webhook "x": connection refused', "PodCreationFailed", 1, 1, False),
    ],
)
def test_why_a_workload_gets_no_pods(message, code, ours, stood, terminal):
    said = f'pods "web-1" is forbidden: {message}'
    found = named(said, (), ours=bool(ours), stood=bool(stood))
    assert (found.code, found.terminal) == (code, terminal)


def failures(one, *events):
    return {found.probe: found for found in failures_of(one, events, Evidence())}


REFUSED = 'Get "http://10.0.0.7:5000/ready": dial tcp 10.0.0.7:5000: connect: connection refused'


def test_a_failing_probe_has_its_request_its_answer_and_its_count():
    found = failures(
        pod(running(), ready=False, since=900.0),
        event("Unhealthy", f"Readiness probe failed: {REFUSED}", 932.0, first=931.0, count=2),
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 935.0),
    )["readiness"]
    assert found.request == "GET http://10.0.0.7:5000/ready"
    assert (found.answer, found.consecutive, found.threshold) == ("503", 3, 3)


def test_the_kubelets_words_have_the_request_where_there_was_no_answer():
    message = f"Readiness probe failed: {REFUSED}"
    found = failures(pod(running(), ready=False, since=900.0), event("Unhealthy", message, 935.0))[
        "readiness"
    ]
    assert found.request == "GET http://10.0.0.7:5000/ready"
    assert found.answer.endswith("connection refused")


def test_a_pod_that_is_ready_has_no_failing_probe():
    failed = event("Unhealthy", f"Readiness probe failed: {REFUSED}", 935.0)
    assert failures(pod(running(), ready=True), failed) == {}


def test_what_an_earlier_run_failed_at_is_forgotten():
    failed = event("Unhealthy", f"Readiness probe failed: {REFUSED}", 915.0)
    assert failures(pod(running(930.0), ended(), restarts=1, ready=False, since=900.0), failed) == {}


def test_readiness_that_was_lost_is_at_its_threshold():
    failed = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 961.0)
    assert failures(pod(running(), ready=False, since=960.0), failed)["readiness"].consecutive == 3


def test_a_probe_that_had_the_container_killed_was_at_its_threshold():
    found = failures(
        pod(running(930.0), ended(137), restarts=1, ready=False, since=900.0),
        event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", 917.0, count=9),
        event("Killing", "Container web failed liveness probe, will be restarted", 918.0),
    )["liveness"]
    assert (found.consecutive, found.threshold, found.answer) == (2, 2, "500")


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


def progress(conditions=(), *, applied=900.0, deadline=60, seen=True, now=NOW):
    parsed = parse(Pod, {"status": {"conditions": list(conditions)}}).status.conditions
    return progressed_at(parsed, (), applied_at=applied, deadline=deadline, observed=seen, now=now)


def progressing(reason, status="True", updated=950.0):
    return {"type": "Progressing", "status": status, "reason": reason, "lastUpdateTime": at(updated)}


def overdue(since, deadline=60):
    return NOW - since > deadline


def test_the_controllers_word_on_the_deadline_is_taken():
    assert overdue(progress([progressing("ProgressDeadlineExceeded", "False", 999.0)]))


def test_the_word_of_before_the_newest_spec_is_not_taken():
    word = progressing("ProgressDeadlineExceeded", "False", 990.0)
    assert not overdue(progress([word], applied=995.0, seen=False))


def test_a_deadline_that_only_our_clock_says_has_passed_waits_a_little():
    assert not overdue(progress([progressing("ReplicaSetUpdated", updated=935.0)]))
    assert overdue(progress([progressing("ReplicaSetUpdated", updated=900.0)], applied=800.0))


def service(**spec):
    given = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]} | spec
    return parse(Service, {"metadata": {"name": "web"}, "spec": given})


TEMPLATE = parse(Template, {"metadata": {"labels": {"app": "web", "tier": "front"}}})


def addresses(*services, ingresses=(), host="10.99.0.2"):
    pods = (pod(running(), ready=True, hostIP=host),)
    return endpoints_of(TEMPLATE, pods, Observed(services=services, ingresses=ingresses))


def test_where_a_workload_answers():
    assert addresses(service()) == ("svc/web:80",)
    node_port = service(type="NodePort", ports=[{"name": "http", "port": 80, "nodePort": 30080}])
    assert addresses(node_port) == ("http://10.99.0.2:30080",)
    assert addresses(node_port, host="fd00::2") == ("http://[fd00::2]:30080",)
    assert addresses(service(selector={"app": "other"})) == ()
    assert addresses(service(selector={})) == ()


@pytest.mark.parametrize(
    ("points", "tls", "found"),
    [
        ([], [], ("svc/web:80",)),
        ([{"hostname": "lb.example"}], [], ("http://api.example/",)),
        ([{"ip": "192.0.2.1"}], [{"hosts": ["api.example"]}], ("https://api.example/",)),
    ],
)
def test_an_ingress_is_an_address_once_somebody_gave_it_one(points, tls, found):
    path = {"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    ingress = parse(
        Ingress,
        {
            "spec": {"tls": tls, "rules": [{"host": "api.example", "http": {"paths": [path]}}]},
            "status": {"loadBalancer": {"ingress": points}},
        },
    )
    assert addresses(service(), ingresses=(ingress,)) == found


LABELS = {"app.kubernetes.io/instance": "dev-apps"}
TARGET = Target("dev", "ns", "dev-apps", ReleaseState("dev-apps", 2, 1, None, 890.0))


def of_revision(revision, *, kind, ready=True, name="web-0", made=900.0):
    return parse(
        Pod,
        {
            "metadata": {
                "name": name,
                "uid": name,
                "creationTimestamp": at(made),
                "labels": {"controller-revision-hash": revision},
                "ownerReferences": [{"kind": kind, "uid": "s1", "controller": True}],
            },
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
        },
    )


def stateful(*pods, generation=2, **status):
    counted = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    revisions = {"observedGeneration": 2, "currentRevision": "web-1", "updateRevision": "web-2"}
    one = parse(
        StatefulSet,
        {
            "metadata": {"name": "web", "uid": "s1", "generation": generation, "labels": LABELS},
            "spec": {"replicas": 1},
            "status": counted | revisions | status,
        },
    )
    observed = Observed(stateful_sets=(one,), pods=pods)
    (found,) = snapshot(TARGET, observed, Evidence(), NOW).workloads
    return found


NEW, OLD = of_revision("web-2", kind="StatefulSet"), of_revision("web-1", kind="StatefulSet")


def test_a_stateful_set_is_complete_when_every_replica_is_of_the_newest_revision():
    assert stateful(NEW).complete
    assert [one.current for one in stateful(OLD).replicas] == [False]


@pytest.mark.parametrize(
    "one",
    [
        stateful(),
        stateful(OLD),
        stateful(of_revision("web-2", kind="StatefulSet", ready=False)),
        stateful(NEW, of_revision("web-1", kind="StatefulSet", name="web-1")),
        stateful(NEW, generation=3),
        stateful(NEW, availableReplicas=0),
        stateful(NEW, updatedReplicas=0),
    ],
    ids=["no pod", "an old one", "not ready", "an old one beside", "not seen", "not available", "not moved"],
)
def test_a_stateful_set_that_is_not_known_to_be_complete_is_not(one):
    assert not one.complete


def daemon(*pods, **status):
    counted = {
        "desiredNumberScheduled": 1,
        "updatedNumberScheduled": 1,
        "numberReady": 1,
        "numberAvailable": 1,
    }
    one = parse(
        DaemonSet,
        {
            "metadata": {"name": "web", "uid": "s1", "generation": 2, "labels": LABELS},
            "status": counted | {"observedGeneration": 2} | status,
        },
    )
    (found,) = snapshot(TARGET, Observed(daemon_sets=(one,), pods=pods), Evidence(), NOW).workloads
    return found


def test_a_daemon_set_is_complete_when_every_node_has_the_newest():
    assert daemon(of_revision("b", kind="DaemonSet")).complete
    assert not daemon(of_revision("b", kind="DaemonSet"), updatedNumberScheduled=0).complete
    assert not daemon(of_revision("b", kind="DaemonSet", ready=False)).complete
    assert not daemon(of_revision("b", kind="DaemonSet"), observedGeneration=1).complete
    old = of_revision("a", kind="DaemonSet", name="old", made=800.0)
    found = daemon(of_revision("b", kind="DaemonSet"), old)
    assert [(one.name, one.current) for one in found.replicas] == [("old", False), ("web-0", True)]
