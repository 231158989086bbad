"""What the cluster says of workloads: how far they are, where they answer, whether they are complete."""

import pytest

from flaskship.engines.kubernetes.observing.endpoints import endpoints_of
from flaskship.engines.kubernetes.observing.observed import Evidence, Observed, Target
from flaskship.engines.kubernetes.observing.ownership import INSTANCE, KEPT_FOR
from flaskship.engines.kubernetes.observing.pods import Pod, Template
from flaskship.engines.kubernetes.observing.progress import progressed_at
from flaskship.engines.kubernetes.observing.refusals import named
from flaskship.engines.kubernetes.observing.shape import parse
from flaskship.engines.kubernetes.observing.snapshot import snapshot
from flaskship.engines.kubernetes.observing.surroundings import Ingress, Service
from flaskship.engines.kubernetes.observing.workloads import DaemonSet, Deployment, StatefulSet
from flaskship.model.snapshot import ReleaseState

NOW = 1000.0


def at(seconds):
    minutes, rest = divmod(seconds, 60)
    return f"1970-01-01T00:{int(minutes):02}:{rest:06.3f}Z"


def progress(conditions=(), *, applied=900.0, deadline=60, seen=True, now=NOW):
    parsed = parse(Pod, {"status": {"conditions": list(conditions)}}).status.conditions
    return progressed_at(parsed, (), begun_at=applied, deadline=deadline, observed=seen, now=now)


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


def test_the_controllers_word_on_what_was_before_is_not_taken_once_it_has_seen_the_newest_spec():
    """Going back to a template that it knows leaves its condition as it was."""
    word = progressing("ProgressDeadlineExceeded", "False", 990.0)
    assert not overdue(progress([word], applied=995.0))
    assert overdue(progress([word], applied=920.0))


def written_by(manager, time, **fields):
    return {"manager": manager, "operation": "Apply", "time": at(time), "fieldsV1": fields}


@pytest.mark.parametrize(
    ("writers", "late"),
    [
        ([written_by("helm", 995.0, **{"f:spec": {"f:replicas": {}}})], False),
        ([written_by("kubectl", 995.0, **{"f:spec": {"f:replicas": {}}}) | {"subresource": "scale"}], False),
        ([written_by("helm", 100.0, **{"f:spec": {}}), written_by("ours", 995.0, **{"f:spec": {}})], False),
        ([written_by("helm", 100.0, **{"f:spec": {"f:replicas": {}}})], True),
        ([written_by("kube-controller-manager", 995.0, **{"f:status": {}, "f:metadata": {}})], True),
        ([], True),
    ],
)
def test_a_spec_that_was_changed_long_after_the_deploy_has_a_deadline_of_its_own(writers, late):
    meta = {"name": "web", "uid": "u", "generation": 2, "labels": {INSTANCE: "r"}, "managedFields": writers}
    spec = {"replicas": 0, "progressDeadlineSeconds": 60}
    old = [progressing("NewReplicaSetAvailable", updated=110.0)]
    status = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "conditions": old}
    one = parse(Deployment, {"metadata": meta, "spec": spec, "status": status})
    target = Target("dev", "ns", "r", ReleaseState("r", 1, applied_at=100.0))
    [seen] = snapshot(target, Observed(deployments=(one,)), Evidence(), NOW).workloads
    assert not seen.complete
    assert overdue(seen.progressed_at) == late


def service(**spec):
    given = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]} | spec
    return parse(Service, {"metadata": {"name": "web"}, "spec": given})


TEMPLATE = parse(Template, {"metadata": {"labels": {"app": "web", "tier": "front"}}})


def addresses(*services, ingresses=(), host="10.99.0.2", labels=None):
    pods = (parse(Pod, {"metadata": {"labels": labels or {}}, "status": {"hostIP": host}}),)
    return endpoints_of(TEMPLATE, pods, Observed(services=services, ingresses=ingresses))


def test_where_a_workload_answers():
    assert addresses(service()) == ("svc/web:80",)
    node_port = service(type="NodePort", ports=[{"name": "http", "port": 80, "nodePort": 30080}])
    assert addresses(node_port) == ("http://10.99.0.2:30080",)
    assert addresses(node_port, host="fd00::2") == ("http://[fd00::2]:30080",)
    assert addresses(service(selector={"app": "other"})) == ()
    assert addresses(service(selector={})) == ()


@pytest.mark.parametrize("also", [{}, {"app": "web"}])
def test_a_service_that_argo_rollouts_leads_to_one_template_is_its_workloads(also):
    stable = service(selector={"rollouts-pod-template-hash": "5d4f", **also})
    labels = {"app": "web", "tier": "front", "rollouts-pod-template-hash": "5d4f"}
    assert addresses(stable, labels=labels) == ("svc/web:80",)
    assert addresses(stable, labels={**labels, "rollouts-pod-template-hash": "77aa"}) == ()


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


@pytest.mark.parametrize(("expected", "seen"), [("Rollout", []), ("Deployment", ["web"])])
def test_what_is_kept_for_a_successor_is_not_judged_with_the_release(expected, seen):
    labels = {"app.kubernetes.io/instance": "dev-apps"}
    metadata = {"name": "web", "labels": labels, "annotations": {KEPT_FOR: "Rollout/web"}}
    old = parse(Deployment, {"metadata": metadata, "spec": {"replicas": 1}})
    target = Target("dev", "shop", "dev-apps", ReleaseState("dev-apps", 2), ((expected, "web"),))
    found = snapshot(target, Observed(deployments=(old,)), Evidence(), NOW)
    assert [one.name for one in found.workloads if one.kind == "Deployment"] == seen
