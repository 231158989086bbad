"""Deployments and what is run as one, with Kubernetes' defaults and refusals."""

import copy

import pytest

from flaskship.engines.local.spec import Recreate, RollingUpdate


def test_a_deployment_that_says_nothing_has_kubernetes_defaults(document, deployment):
    found = deployment(document)
    assert (found.replicas, found.min_ready, found.progress_deadline) == (1, 0, 600)
    assert (found.history_limit, found.paused, found.origin) == (10, False, "Deployment")
    assert found.strategy == RollingUpdate("25%", "25%")
    assert found.template.restart_policy == "Always"
    assert found.template.termination_grace == 30
    assert found.template.service_account == "default"
    assert found.template.service_links is True


@pytest.mark.parametrize(
    ("path", "value", "attribute", "expected"),
    [
        ("spec/replicas", 0, "replicas", 0),
        ("spec/replicas", None, "replicas", 1),
        ("spec/minReadySeconds", 7, "min_ready", 7),
        ("spec/progressDeadlineSeconds", 30, "progress_deadline", 30),
        ("spec/revisionHistoryLimit", 0, "history_limit", 0),
        ("spec/paused", True, "paused", True),
        ("spec/strategy", {"type": "Recreate"}, "strategy", Recreate()),
        ("spec/strategy", {}, "strategy", RollingUpdate()),
        ("spec/strategy", {"rollingUpdate": {"maxSurge": 1}}, "strategy", RollingUpdate(1, "25%")),
        (
            "spec/strategy",
            {"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}},
            "strategy",
            RollingUpdate("50%", 0),
        ),
        ("metadata/labels", {"app.kubernetes.io/name": "shop"}, "application", "shop"),
        ("metadata/labels", {"other": "x"}, "application", "web"),
    ],
)
def test_a_field_reaches_the_engine(document, deployment, put, path, value, attribute, expected):
    assert getattr(deployment(put(document, path, value)), attribute) == expected


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("spec/replicas", -1, "spec.replicas: -1 is too small: at least 0"),
        ("spec/replicas", "2", "spec.replicas: a whole number is expected, not text"),
        ("spec/replicas", 1.0, "spec.replicas: a whole number is expected, not a number"),
        ("spec/replicas", True, "spec.replicas: a whole number is expected, not true or false"),
        ("spec/paused", "yes", "spec.paused: true or false is expected, not text"),
        ("spec/selector", None, "spec.selector: is missing"),
        ("spec/selector", {}, "spec.selector: is empty"),
        ("spec/template", None, "spec.template: is missing"),
        ("spec/template/spec", None, "spec.template.spec: is missing"),
        ("spec", None, "spec: is missing"),
        ("spec", [], "spec: a map is expected, not a list"),
        ("spec/template/metadata/labels", {}, "spec.template.metadata.labels: do not match spec.selector"),
        (
            "spec/template/metadata/labels",
            {"a": 1},
            "spec.template.metadata.labels.a: text is expected, not a whole",
        ),
        ("spec/strategy", {"type": "Sometimes"}, "spec.strategy.type: 'Sometimes' is none of RollingUpdate"),
        (
            "spec/strategy",
            {"type": "Recreate", "rollingUpdate": {}},
            "spec.strategy.rollingUpdate: has no place beside type Recreate",
        ),
        (
            "spec/strategy/rollingUpdate",
            {"maxSurge": "a lot"},
            "spec.strategy.rollingUpdate.maxSurge: a whole number or a percentage",
        ),
        (
            "spec/strategy/rollingUpdate",
            {"maxSurge": "-5%"},
            "spec.strategy.rollingUpdate.maxSurge: a whole number or a percentage",
        ),
        (
            "spec/strategy/rollingUpdate",
            {"maxSurge": -1},
            "spec.strategy.rollingUpdate.maxSurge: -1 is negative",
        ),
        (
            "spec/strategy/rollingUpdate",
            {"maxSurge": 0.5},
            "spec.strategy.rollingUpdate.maxSurge: a whole number or a percentage such as '25%' is expected",
        ),
        (
            "spec/strategy/rollingUpdate",
            {"maxUnavailable": "101%"},
            "spec.strategy.rollingUpdate.maxUnavailable: more than 100%",
        ),
        (
            "spec/strategy/rollingUpdate",
            {"maxSurge": 0, "maxUnavailable": "0%"},
            "spec.strategy.rollingUpdate.maxUnavailable: must not be 0 when maxSurge is 0",
        ),
        ("spec/progressDeadlineSeconds", 0, "spec.progressDeadlineSeconds: must be greater than"),
        ("spec/minReadySeconds", 600, "spec.progressDeadlineSeconds: must be greater than minReadySeconds"),
        ("spec/template/spec/restartPolicy", "Never", "spec.template.spec.restartPolicy: must be Always"),
        ("metadata/name", "Web!", "metadata.name: 'Web!' is no object name"),
    ],
)
def test_what_the_api_server_refuses_is_refused_with_object_and_field(
    document, put, refuse, path, value, sentence
):
    refused = refuse(put(document, path, value))
    name = "Web!" if path == "metadata/name" else "web"
    assert refused.startswith(f"Deployment/{name}: {sentence}")


@pytest.mark.parametrize(
    ("expression", "labels", "matches"),
    [
        ({"key": "a", "operator": "In", "values": ["1", "2"]}, {"a": "2"}, True),
        ({"key": "a", "operator": "In", "values": ["1"]}, {}, False),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, {}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, {"a": "1"}, False),
        ({"key": "a", "operator": "Exists"}, {"a": ""}, True),
        ({"key": "a", "operator": "Exists"}, {}, False),
        ({"key": "a", "operator": "DoesNotExist"}, {}, True),
        ({"key": "a", "operator": "DoesNotExist"}, {"a": "1"}, False),
    ],
)
def test_expressions_of_a_selector(document, deployment, refuse, put, expression, labels, matches):
    made = put(document, "spec/selector", {"matchExpressions": [expression]})
    made = put(made, "spec/template/metadata/labels", labels)
    if matches:
        assert deployment(made).template.labels == labels
    else:
        assert "do not match spec.selector" in refuse(made)


@pytest.mark.parametrize(
    "expression",
    [{"key": "a", "operator": "In"}, {"key": "a", "operator": "Exists", "values": ["1"]}],
)
def test_an_expression_with_the_wrong_number_of_values(document, refuse, put, expression):
    made = put(document, "spec/selector", {"matchExpressions": [expression]})
    assert "spec.selector.matchExpressions[0].values" in refuse(made)


class TestRollout:
    @pytest.fixture
    def rollout(self, document):
        made = copy.deepcopy(document)
        made |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
        return made

    def test_a_canary_is_a_rolling_update_and_says_so(self, rollout, put, read):
        steps = {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": [{"setWeight": 10}]}}
        release = read(put(rollout, "spec/strategy", steps))
        [found] = release.deployments
        assert (found.origin, found.strategy) == ("Rollout", RollingUpdate(1, 0))
        reported = {report.field: report.behaviour for report in release.reports}
        assert reported[""] == "emulated"
        assert reported["spec.strategy.canary.steps"] == "ignored"

    def test_blue_green_is_a_rolling_update_with_the_defaults(self, rollout, put, deployment):
        found = deployment(put(rollout, "spec/strategy", {"blueGreen": {"activeService": "web"}}))
        assert found.strategy == RollingUpdate()

    def test_two_strategies_are_refused(self, rollout, put, refuse):
        assert "exactly one of canary, blueGreen" in refuse(
            put(rollout, "spec/strategy", {"canary": {}, "blueGreen": {}})
        )

    def test_a_workload_reference_takes_the_template_and_the_place_of_the_deployment(
        self, rollout, document, read
    ):
        rollout["metadata"] = {"name": "web-rollout"}
        reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        rollout["spec"] = {"replicas": 3, "workloadRef": reference}
        [found] = read(rollout, document).deployments
        assert (found.name, found.replicas, found.origin) == ("web-rollout", 3, "Rollout")
        assert found.template.main.image == "web:1"

    @pytest.mark.parametrize(
        ("spec", "sentence"),
        [
            ({}, "spec: exactly one of template, workloadRef"),
            (
                {"workloadRef": {"kind": "Deployment", "name": "gone"}},
                "spec.workloadRef.name: this release has no Deployment named 'gone'",
            ),
            (
                {"workloadRef": {"kind": "ReplicaSet", "name": "web"}},
                "spec.workloadRef.kind: 'ReplicaSet' is not supported",
            ),
        ],
    )
    def test_bad_references(self, rollout, refuse, spec, sentence):
        rollout["spec"] = spec
        assert refuse(rollout).startswith(f"Rollout/web: {sentence}")


class TestStatefulSet:
    @pytest.fixture
    def stateful_set(self, document):
        made = copy.deepcopy(document)
        made["kind"] = "StatefulSet"
        made["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [
            {"name": "data", "mountPath": "/data"}
        ]
        made["spec"]["volumeClaimTemplates"] = [
            {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
        ]
        return made

    def test_it_is_a_deployment_of_one_at_a_time_with_its_claims(self, stateful_set, read):
        release = read(stateful_set)
        [found] = release.deployments
        assert (found.origin, found.strategy) == ("StatefulSet", RollingUpdate(0, 1))
        [claim] = release.claims
        assert (claim.name, claim.bytes) == ("data-web", 2**30)
        [volume] = found.template.volumes
        assert (volume.name, volume.sources[0].kind, volume.sources[0].name) == ("data", "Claim", "data-web")

    def test_without_its_claim_the_mount_is_refused(self, stateful_set, refuse):
        del stateful_set["spec"]["volumeClaimTemplates"]
        assert "volumeMounts[0].name: the pod has no volume named 'data'; it has none" in refuse(stateful_set)
