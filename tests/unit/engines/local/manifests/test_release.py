"""A release as a whole: nothing is dropped silently, nothing is there twice."""

import copy

import pytest


def of(api, kind, name="x", **fields):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **fields}


def job(restart="Never", hook="", **spec):
    document = of("batch/v1", "Job", "once")
    if hook:
        document["metadata"]["annotations"] = {"helm.sh/hook": hook}
    pod = {"restartPolicy": restart, "containers": [{"name": "once", "image": "x:1"}]}
    document["spec"] = {"template": {"spec": pod}, **spec}
    return document


def autoscaler(**spec):
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 5, **spec}
    return of("autoscaling/v2", "HorizontalPodAutoscaler", spec=spec)


def test_nothing_is_a_release_of_nothing(read):
    assert read().deployments == ()


def test_an_unknown_kind_is_listed(read):
    [report] = read(of("example.com/v1", "Widget")).reports
    assert (report.object, report.field, report.behaviour) == ("Widget/x", "", "ignored")
    assert report.note == "unknown here: example.com/v1 Widget"


def test_a_known_kind_of_another_group_is_unknown(read):
    release = read(of("serving.knative.dev/v1", "Service"))
    assert release.services == ()
    assert release.reports[0].note.startswith("unknown here")


def test_an_unknown_field_is_listed_once_without_its_position(document, put, read):
    containers = [{"name": name, "image": "x", "surprise": {"deep": 1}} for name in ("a", "b")]
    release = read(put(document, "spec/template/spec/containers", containers))
    unknown = [report.field for report in release.reports if report.note == "unknown here"]
    assert unknown == ["spec.template.spec.containers[].surprise"]


@pytest.mark.parametrize("name", ["nvidia.com/gpu", "hugepages-2Mi"])
def test_of_devices_and_huge_pages_it_is_said_why_they_change_nothing(document, put, read, name):
    amounts = {"limits": {name: 1}, "requests": {name: 1}}
    release = read(put(document, "spec/template/spec/containers/0/resources", amounts))
    told = {one.field: one.note for one in release.reports if one.field.endswith(name)}
    assert set(told) == {f"spec.template.spec.containers[].resources.{part}.{name}" for part in amounts}
    assert all(note.startswith("no devices or huge pages are handed out here") for note in told.values())


def test_null_is_absent_and_no_field(document, put, read):
    assert read(put(document, "spec/surprise", None)).reports == read(document).reports


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("external-secrets.io/v1", "SecretStore"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("v1", "ServiceAccount"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler"),
        ("v1", "Namespace"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("monitoring.coreos.com/v1", "PrometheusRule"),
    ],
)
def test_a_kind_without_effect_says_why(read, api, kind):
    [report] = read(of(api, kind, spec={"anything": 1})).reports
    assert (report.field, report.behaviour) == ("", "ignored")
    assert "unknown" not in report.note


def test_the_same_name_twice(document, refuse):
    assert (
        refuse(document, document) == "Deployment/web: metadata.name: the name is used twice in this release"
    )


def test_a_stateful_set_named_as_a_deployment(document, refuse):
    other = copy.deepcopy(document) | {"kind": "StatefulSet"}
    assert "a Deployment has this name too" in refuse(document, other)


def test_a_list_is_its_items(document, read):
    assert len(read({"apiVersion": "v1", "kind": "List", "items": [document]}).deployments) == 1


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("text", "a rendered document is no map"),
        ({"kind": "Deployment"}, "Deployment: metadata.name: is missing"),
        ({"metadata": {"name": "x"}}, "a document without kind/x: apiVersion and kind"),
        ({"kind": 1, "apiVersion": "v1", "metadata": {"name": "x"}}, "a document without kind/x: apiVersion"),
        ({"kind": "Deployment", "metadata": {"name": 5}}, "Deployment: metadata.name: is missing"),
    ],
)
def test_a_document_that_is_no_object(refuse, broken, sentence):
    assert refuse(broken).startswith(sentence)


@pytest.mark.parametrize(
    ("replicas", "minimum", "expected"), [(1, 3, 3), (9, 3, 3), (0, 3, 0), (None, None, 1), (4, None, 1)]
)
def test_an_autoscaler_gives_its_minimum_unless_stopped(document, put, read, replicas, minimum, expected):
    release = read(put(document, "spec/replicas", replicas), autoscaler(minReplicas=minimum))
    assert release.deployments[0].replicas == expected
    assert release.autoscalers[0].rules.most == 5


def test_an_autoscaler_upside_down(refuse):
    assert "spec.minReplicas: is more than maxReplicas (5)" in refuse(autoscaler(minReplicas=6))


def test_priorities(read):
    assert read(of("scheduling.k8s.io/v1", "PriorityClass", "high", value=1000)).priorities == {"high": 1000}


def test_a_job_and_its_defaults(read):
    [found] = read(job()).jobs
    assert (found.backoff_limit, found.active_deadline, found.completions, found.parallelism) == (
        6,
        None,
        1,
        1,
    )
    assert (found.hook, found.template.restart_policy) == ("", "Never")


def test_a_job_with_everything(read):
    [found] = read(
        job("OnFailure", "test", backoffLimit=0, activeDeadlineSeconds=9, completions=2, parallelism=2)
    ).jobs
    assert (found.backoff_limit, found.active_deadline, found.completions, found.parallelism) == (0, 9, 2, 2)
    assert found.hook == "test"


@pytest.mark.parametrize("restart", ["Always", None])
def test_a_job_that_would_never_end(refuse, restart):
    assert "spec.template.spec.restartPolicy: must be OnFailure or Never" in refuse(job(restart))


def test_a_test_pod_is_a_job(read):
    pod = of("v1", "Pod", "probe", spec={"containers": [{"name": "curl", "image": "x:1"}]})
    pod["metadata"]["annotations"] = {"helm.sh/hook": "test"}
    [found] = read(pod).jobs
    assert (found.name, found.hook, found.backoff_limit) == ("probe", "test", 0)
    assert found.template.restart_policy == "Never"
    assert found.template.hash


def test_any_other_pod_is_reported_and_not_run(read):
    release = read(of("v1", "Pod", spec={"containers": [{"name": "curl", "image": "x:1"}]}))
    assert release.jobs == ()
    assert release.reports[0].field == ""


def test_reports_name_the_object_and_leave_honoured_fields_out(document, put, read):
    release = read(put(document, "spec/template/spec/affinity", {"nodeAffinity": {}}))
    assert [(r.object, r.field, r.behaviour) for r in release.reports] == [
        ("Deployment/web", "spec.template.spec.affinity", "ignored")
    ]


@pytest.mark.parametrize(
    ("strategy", "key"),
    [("blueGreen", "activeService"), ("canary", "canaryService"), ("blueGreen", "previewService")],
)
def test_a_service_that_the_rollout_steers_leads_to_its_pods(read, strategy, key):
    release = read(*steered({strategy: {key: "front"}}))
    assert release.services[0].selector == {"app": "web"}


@pytest.mark.parametrize("strategy", [{"blueGreen": {"activeService": "other"}}, {"canary": {}}])
def test_a_service_without_selector_that_no_rollout_names_leads_nowhere(read, strategy):
    assert read(*steered(strategy)).services[0].selector == {}


def test_a_selector_that_is_given_stays(read):
    release = read(*steered({"blueGreen": {"activeService": "front"}}, selector={"app": "mine"}))
    assert release.services[0].selector == {"app": "mine"}


def steered(strategy, **spec):
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "x:1"}]}}
    rollout = of("argoproj.io/v1alpha1", "Rollout", "web")
    rollout["spec"] = {"selector": {"matchLabels": {"app": "web"}}, "template": pod, "strategy": strategy}
    return of("v1", "Service", "front", spec={"ports": [{"port": 80}], **spec}), rollout
